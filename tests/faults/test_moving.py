"""A cursor moves with its marks, or neither does; a mutant that does not ask counts twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pytest

from shared.kernel.envelope import Recorded
from shared.platform.codec import Codec
from shared.platform.projector.port import Projection, Rows
from shared.platform.reactor.runtime import Progress
from shared.platform.signals import Signal
from shared.platform.subscription import cursor_sql
from shared.platform.subscription.consumer import Batch, Cursors, Fenced, ends_of
from shared.platform.subscription.decoding import EventDecoder, assumed_of
from shared.platform.subscription.moving import move_and_mark
from tests.support.toy import wallet, wallets
from tests.support.toy.one_wallet import COINS, RIGHT, TWICE, Scene, without

pytestmark = [pytest.mark.faults, pytest.mark.connected]

NO_LOOK: Final = (
    " AND NOT EXISTS ( SELECT FROM new n WHERE n.before IS NOT NULL AND n.before <> coalesce("
    " (SELECT s.version FROM proj_stream s"
    " WHERE s.projection = $1 AND s.stream_id = n.stream_id), 0))"
)


async def moves(scene: Scene, cursors: Cursors, batch: Batch) -> bool:
    assumed = assumed_of(EventDecoder(Codec(wallet.TYPES)).decode_all(batch))
    assert assumed is not None
    connection = await scene.database.own_connection("test")
    try:
        return await move_and_mark(connection, cursors, ends_of(batch), assumed, is_assumed=True)
    finally:
        await connection.close()


async def stands(scene: Scene) -> tuple[Any, Any]:
    """The position of the cursor, and up to which version the wallet is marked."""
    partition = scene.at.partition
    ((position,),) = await scene.rows(
        "SELECT next_offset FROM es_cursor"
        f" WHERE worker = '{COINS.name}' AND partition_no = {partition}"
    )
    marks = await scene.rows("SELECT version FROM proj_stream")
    return position, [version for (version,) in marks]


class TestMoveAndMark:
    async def test_does_both(self, scene: Scene) -> None:
        assert await moves(scene, await scene.take_over("a"), scene.batch)
        assert await stands(scene) == (3, [3])

    async def test_goes_on_behind_what_was_processed(self, scene: Scene) -> None:
        cursors = await scene.take_over("a")
        records = scene.log.records_of(scene.at)
        assert await moves(scene, cursors, {scene.at: records[:1]})
        cursors.positions[scene.at] = 1
        assert await moves(scene, cursors, {scene.at: records[1:]})
        assert await stands(scene) == (3, [3])

    async def test_does_neither_for_who_lost_the_partition(self, scene: Scene) -> None:
        zombie = await scene.take_over("a")
        await scene.take_over("b")
        assert not await moves(scene, zombie, scene.batch)
        assert await stands(scene) == (0, [])

    async def test_does_neither_where_some_of_it_was_processed(self, scene: Scene) -> None:
        cursors = await scene.take_over("a")
        first = {scene.at: scene.log.records_of(scene.at)[:1]}
        assert await moves(scene, cursors, first)
        assert not await moves(scene, cursors, scene.batch)  # It still believes to be at 0.
        again = await scene.take_over("a")
        again.positions[scene.at] = 1
        assert not await moves(scene, again, scene.batch)  # Its first version is processed.
        assert await stands(scene) == (1, [1])


def fold_latest(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    """Keeps the version of each wallet's last event, and looks at no row for it."""
    for one in batch:
        at = one.recorded_at
        rows.put(wallets.CoinsRow(one.tenant_id, one.stream_id, one.version, 0, at))
    return rows


LATEST: Final = Projection(COINS.name, [wallets.NAME], [wallets.COINS], lambda _: (), fold_latest)


class TestProjectorThatLooksAtNoRow:
    async def test_folds_what_is_new_behind_a_repetition_and_marks_it(self, scene: Scene) -> None:
        """The first event stands on the log twice, and the other two behind it."""
        projector = scene.projector(of=LATEST)
        first, *others = scene.batch[scene.at]
        cursors = await scene.take_over("a")
        cursors.positions.update(await projector.handle(cursors, {scene.at: [first]}))
        assert await scene.coins() == [(1, 0)]
        again = [
            record._replace(offset=offset) for offset, record in enumerate([first, *others], 1)
        ]
        cursors.positions.update(await projector.handle(cursors, {scene.at: again}))
        await projector.close()
        assert await scene.coins() == [(3, 0)]
        assert await stands(scene) == (4, [3])

    async def test_does_not_fold_again_what_was_processed(self, scene: Scene) -> None:
        projector = scene.projector(of=LATEST)
        batch = scene.batch[scene.at]
        cursors = await scene.take_over("a")
        cursors.positions.update(await projector.handle(cursors, {scene.at: batch}))
        again = [record._replace(offset=3 + n) for n, record in enumerate(batch[:2])]
        await projector.handle(cursors, {scene.at: again})
        await projector.close()
        assert await scene.coins() == [(3, 0)]
        assert await stands(scene) == (5, [3])


class TestProjector:
    async def test_takes_again_what_was_processed_and_folds_it_once(self, scene: Scene) -> None:
        assert await coins_after_a_repetition(scene) == RIGHT

    async def test_is_missed_in_the_mutant_that_does_not_ask_what_was_processed(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mutant = without(cursor_sql.MOVE_AND_MARK, NO_LOOK)
        monkeypatch.setattr(cursor_sql, "MOVE_AND_MARK", mutant)
        assert await coins_after_a_repetition(scene) == TWICE


async def coins_after_a_repetition(scene: Scene) -> list[tuple[Any, ...]]:
    """The records stand on the log a second time, as after a relay that fell between two steps."""
    projector = scene.projector()
    batch = scene.batch[scene.at]
    repeated = [record._replace(offset=record.offset + len(batch)) for record in batch]
    cursors = await scene.take_over("a")
    cursors.positions.update(await projector.handle(cursors, {scene.at: batch}))
    await projector.handle(cursors, {scene.at: repeated})
    await projector.close()
    return await scene.coins()


def progress_in(scene: Scene) -> Progress:
    decoder = EventDecoder(Codec(wallet.TYPES))
    return Progress(wallets.NAME, COINS.name, scene.database, decoder, Signal())


class TestProgress:
    async def test_passes_by_what_concerns_nobody_and_nothing_else(self, scene: Scene) -> None:
        progress = progress_in(scene)
        cursors = await scene.take_over("a")
        assert not await progress.pass_by(cursors, scene.batch, (wallet.Spent,))
        assert await stands(scene) == (0, [])
        assert await progress.pass_by(cursors, scene.batch, (wallet.Postponed,))
        assert await stands(scene) == (3, [3])
        assert not await progress.pass_by(cursors, scene.batch, (wallet.Postponed,))
        await progress.close()

    async def test_moves_nothing_for_who_lost_the_partition(self, scene: Scene) -> None:
        progress = progress_in(scene)
        zombie = await scene.take_over("a")
        await scene.take_over("b")
        unprocessed = await progress.unprocessed(scene.batch)
        with pytest.raises(Fenced):
            await progress.move(zombie, ends_of(scene.batch), unprocessed)
        assert not await progress.pass_by(zombie, scene.batch, (wallet.Postponed,))
        assert await stands(scene) == (0, [])
        await progress.close()

    async def test_does_not_pass_by_a_parked_stream(self, scene: Scene) -> None:
        progress = progress_in(scene)
        cursors = await scene.take_over("a")
        cursors.parked = {wallet.stream("P").id}
        assert not await progress.pass_by(cursors, scene.batch, (wallet.Postponed,))
        assert await stands(scene) == (0, [])
        await progress.close()
