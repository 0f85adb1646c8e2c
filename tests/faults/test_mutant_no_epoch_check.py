"""Mutant: the fence does not ask for the epoch. A zombie writes; without any fence, twice."""

from __future__ import annotations

import asyncio
from typing import Any, Final, NamedTuple

import pytest

from shared.platform.projector.port import Rows
from shared.platform.projector.runtime import Projector
from shared.platform.subscription import cursor_sql
from shared.platform.subscription.consumer import Batch, Cursors, Fenced
from tests.support.toy.one_wallet import RIGHT, TWICE, Scene, until, without

pytestmark = [pytest.mark.faults, pytest.mark.connected]

NO_EPOCH: Final = " AND c.epoch = m.epoch"
NO_POSITION: Final = " AND c.next_offset = m.since"


async def is_refused(projector: Projector, cursors: Cursors, batch: Batch) -> bool:
    try:
        await projector.handle(cursors, batch)
    except Fenced:
        return True
    finally:
        await projector.close()
    return False


class Held(NamedTuple):
    """A projector that stands before its COMMIT until it may go on."""

    projector: Projector
    reached: asyncio.Event
    may_go: asyncio.Event


def held(scene: Scene) -> Held:
    projector, reached, may_go = scene.projector(), asyncio.Event(), asyncio.Event()
    store = projector._rows.store

    async def store_and_stay(connection: Any, rows: Rows) -> None:
        await store(connection, rows)
        reached.set()
        await may_go.wait()

    projector._rows.store = store_and_stay  # type: ignore[method-assign] # a gate, not a change
    return Held(projector, reached, may_go)


async def zombie_after_takeover(scene: Scene) -> bool:
    """Paused with a batch in hand, its lease passed on; then it goes on. Whether it was refused."""
    zombie = await scene.take_over("a")
    owner = await scene.take_over("b")
    refused = await is_refused(scene.projector(), zombie, scene.batch)
    assert (await scene.coins() == []) == refused
    await is_refused(scene.projector(), owner, scene.batch)
    return refused


async def zombie_beside_the_owner(scene: Scene) -> bool:
    """It goes on while the owner's transaction is open. Whether it was refused."""
    zombie = await scene.take_over("a")
    owner = await scene.take_over("b")
    first = held(scene)
    owning = asyncio.create_task(first.projector.handle(owner, scene.batch))
    await first.reached.wait()
    late = asyncio.create_task(is_refused(scene.projector(), zombie, scene.batch))

    async def waits_or_is_refused() -> bool:
        return late.done() or bool(await scene.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))

    await until(waits_or_is_refused)
    first.may_go.set()
    await owning
    await first.projector.close()
    return await late


def mutate(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    """Both statements that move a cursor, without what is missing."""
    for name in ("MOVE_AND_LOOK", "MOVE_AND_MARK"):
        monkeypatch.setattr(cursor_sql, name, without(getattr(cursor_sql, name), *missing))


class TestEpochCheckOfTheFence:
    async def test_keeps_a_zombie_from_writing_anything(self, scene: Scene) -> None:
        assert await zombie_after_takeover(scene)
        assert await scene.coins() == RIGHT

    async def test_is_missed_in_the_mutant_no_epoch_check(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mutate(monkeypatch, NO_EPOCH)
        assert not await zombie_after_takeover(scene)

    async def test_keeps_a_zombie_beside_the_owner_from_changing_rows_twice(
        self, scene: Scene
    ) -> None:
        assert await zombie_beside_the_owner(scene)
        assert await scene.coins() == RIGHT

    async def test_is_missed_in_the_mutant_without_any_fence_which_changes_rows_twice(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mutate(monkeypatch, NO_EPOCH, NO_POSITION)
        assert not await zombie_beside_the_owner(scene)
        assert await scene.coins() == TWICE
