"""Mutants: the offset moves outside the transaction. A crash between loses or repeats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from shared.platform.log.port import TopicPartition
from shared.platform.observability import failpoints
from shared.platform.outbox import relay
from shared.platform.projector.port import Rows
from shared.platform.projector.runtime import Projector
from shared.platform.subscription.consumer import Batch, Cursors, ends_of
from shared.platform.subscription.decoding import unprocessed_of
from shared.platform.subscription.moving import move_and_look
from tests.support.toy import wallet
from tests.support.toy.one_wallet import COINS, RIGHT, TWICE, Scene

pytestmark = [pytest.mark.faults, pytest.mark.connected]


class Crash(BaseException):
    """The process is gone, here."""


POINTS: Final = (
    "projector.after_fence",
    "projector.before_commit",
    "projector.after_commit",
)


class OffsetFirst(Projector):
    """Mutant: the position is durable before the rows are."""

    async def handle(self, cursors: Cursors, batch: Batch) -> Mapping[TopicPartition, int]:
        async with self._held.use() as connection:
            await move(self, connection, cursors, batch)
            failpoints.hit("projector.before_commit")
            async with connection.transaction():
                await change(self, connection, batch)
        return ends_of(batch)


class OffsetLast(Projector):
    """Mutant: the rows are durable before the position is."""

    async def handle(self, cursors: Cursors, batch: Batch) -> Mapping[TopicPartition, int]:
        async with self._held.use() as connection:
            async with connection.transaction():
                await change(self, connection, batch)
            failpoints.hit("projector.before_commit")
            await move(self, connection, cursors, batch)
        return ends_of(batch)


async def move(projector: Projector, connection: Any, cursors: Cursors, batch: Batch) -> None:
    await move_and_look(connection, cursors, ends_of(batch))


async def change(projector: Projector, connection: Any, batch: Batch) -> None:
    await connection.execute(relay.BIND, f"{{{wallet.TENANT}}}")
    unprocessed = unprocessed_of(projector._decoder.decode_all(batch), {})
    rows = Rows()
    await projector._rows.load(connection, rows, COINS.needs(unprocessed.events))
    await projector._rows.store(connection, COINS.fold(rows, unprocessed.events))


async def crash_and_go_on(
    scene: Scene, kind: type[Projector], point: str, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[Any, ...]]:
    """Dies at the point, starts again from what is stored. What the rows are in the end."""

    def die(name: str) -> None:
        if name == point:
            raise Crash

    cursors = await scene.take_over("a")
    with monkeypatch.context() as patched:
        patched.setattr(failpoints, "hit", die)
        dying = scene.projector(kind)
        with pytest.raises(Crash):
            await dying.handle(cursors, scene.batch)
        await dying.close()  # As the operating system does.
    again = await scene.take_over("a")
    rest = scene.log.records_of(scene.at)[again.positions[scene.at] :]
    if rest:
        projector = scene.projector(kind)
        await projector.handle(again, {scene.at: rest})
        await projector.close()
    return await scene.coins()


class TestOffsetInTheTransaction:
    @pytest.mark.parametrize("point", POINTS)
    async def test_makes_a_crash_harmless_at(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch, point: str
    ) -> None:
        assert await crash_and_go_on(scene, Projector, point, monkeypatch) == RIGHT

    async def test_is_missed_in_the_mutant_offset_outside_the_transaction_first_and_loses(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = await crash_and_go_on(scene, OffsetFirst, "projector.before_commit", monkeypatch)
        assert found == []

    async def test_is_missed_in_the_mutant_offset_outside_the_transaction_last_and_repeats(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = await crash_and_go_on(scene, OffsetLast, "projector.before_commit", monkeypatch)
        assert found == TWICE
