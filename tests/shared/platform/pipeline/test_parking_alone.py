"""The parking of a worker without its loop: what the fence keeps, and what is put off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest

from shared.kernel.envelope import Recorded
from shared.platform.codec import Codec
from shared.platform.log.port import EventLog, LogRecord, NewRecord, TopicPartition
from shared.platform.subscription import parking
from shared.platform.subscription.consumer import Cursors, Fenced, VersionGap
from shared.platform.subscription.decoding import EventDecoder
from shared.platform.subscription.parking import Parking, Reacting
from tests.support.toy import wallet, wallets
from tests.support.toy.poison import parked_with_more
from tests.support.toy.records import all_records
from tests.support.toy.running import RunningToy

pytestmark = pytest.mark.connected


class Failing:
    """A handler that fails like that, so often."""

    def __init__(self, *problems: Exception) -> None:
        self.problems = list(problems)
        self.events: list[Recorded[Any]] = []

    async def react_to(self, events: Sequence[Recorded[Any]]) -> None:
        if self.problems:
            raise self.problems.pop(0)
        self.events += events


class Alone:
    """The parking of a worker without its loop, over a log with one parked stream."""

    def __init__(self, toy: RunningToy, handler: Failing) -> None:
        self.toy = toy
        self.handler = handler
        self.cursors = Cursors("reactions")
        self.parking = Parking(
            wallets.NAME,
            "reactions",
            database=toy.database,
            reader=toy.log.reader("alone"),
            decoder=EventDecoder(Codec(wallet.TYPES)),
            handler=cast(Reacting, handler),
        )

    async def load(self, *, epoch_from_now: int = 0) -> None:
        rows = await self.toy.rows("SELECT * FROM es_cursor WHERE worker = 'reactions'")
        self.cursors.positions = {
            TopicPartition(row.topic, row.partition_no): row.next_offset for row in rows
        }
        self.cursors.epochs = {row.partition_no: row.epoch + epoch_from_now for row in rows}
        held = list(self.cursors.epochs)
        connection = await self.toy.database.own_connection("alone")
        await self.parking.load(connection, self.cursors, held, held)
        await connection.close()

    async def next_record(self) -> tuple[TopicPartition, LogRecord]:
        """Appends a record of the wallet P-2 that nobody has consumed."""
        stream = str(wallet.stream("P-2").id).encode()
        found = await all_records(self.toy.log, self.toy.topics.events_of(wallets.NAME))
        at, record = next(
            (at, record) for at, record in found if record.headers["ce_streamid"] == stream
        )
        offset = await self.toy.log.append(*at, [NewRecord(*record[1:])])
        assert self.cursors.positions[at] == offset
        return at, record._replace(offset=offset)

    async def stored(self) -> list[tuple[Any, ...]]:
        rows = await self.toy.rows("SELECT stream_id, error FROM es_parked_stream ORDER BY error")
        return [tuple(row) for row in rows]


@pytest.fixture
async def at_rest(url: str, log: EventLog) -> AsyncIterator[RunningToy]:
    toy = await parked_with_more(url, log)
    await toy.workers.stop()
    yield toy
    await toy.stop()


class TestParkingAlone:
    async def test_a_fenced_worker_parks_nothing_and_lets_nothing_back(
        self, at_rest: RunningToy
    ) -> None:
        alone = Alone(at_rest, Failing())
        await alone.load(epoch_from_now=-1)
        before = await alone.stored()
        at, record = await alone.next_record()
        with pytest.raises(Fenced):
            await alone.parking.park(alone.cursors, at, record, ValueError("late"))
        with pytest.raises(Fenced):
            await alone.parking.retry_some(alone.cursors)
        assert await alone.stored() == before
        assert len(alone.handler.events) == 4  # Harmless: what follows has derived ids.
        await alone.parking.close()

    async def test_the_owner_parks_and_moves_in_one(self, at_rest: RunningToy) -> None:
        alone = Alone(at_rest, Failing())
        await alone.load()
        at, record = await alone.next_record()
        assert not await alone.parking.park(alone.cursors, at, record, VersionGap("3 after 1"))
        assert await alone.parking.park(alone.cursors, at, record, ValueError("\0bad\ud800"))
        assert alone.cursors.positions[at] == record.offset + 1
        assert wallet.stream("P-2").id in alone.cursors.parked
        assert (wallet.stream("P-2").id, "ValueError: bad?") in await alone.stored()
        rows = await at_rest.rows(
            "SELECT next_offset FROM es_cursor WHERE worker = 'reactions'"
            f" AND partition_no = {at.partition}"
        )
        assert rows[0].next_offset == record.offset + 1
        await alone.parking.close()

    @pytest.mark.parametrize("problem", [TimeoutError("behind"), ConnectionResetError()])
    async def test_a_retry_without_a_connection_is_put_off(
        self, at_rest: RunningToy, problem: Exception, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parking, "PUT_OFF_S", 0.2)
        alone = Alone(at_rest, Failing(problem))
        await alone.load()
        before = await alone.stored()
        await alone.parking.retry_some(alone.cursors)
        await alone.parking.retry_some(alone.cursors)
        assert await alone.stored() == before
        assert 0 < alone.cursors.wait_s <= 0.2
        await asyncio.sleep(0.25)
        await alone.parking.retry_some(alone.cursors)
        assert await alone.stored() == []
        assert [recorded.event.coins for recorded in alone.handler.events] == [5, 11, 12, 13]
        await alone.parking.close()
