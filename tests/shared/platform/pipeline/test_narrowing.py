"""A batch that fails is narrowed down to what fails; a stream that is parked stops nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform.codec import Codec
from shared.platform.database.pools import Database
from shared.platform.leases.leases import Leases
from shared.platform.log.envelope import envelope_of
from shared.platform.log.port import LogReader, LogRecord, TopicPartition
from shared.platform.subscription.consumer import (
    ERROR_CHARS_MAX,
    Batch,
    Consumer,
    Cursors,
    Fenced,
    Handler,
    ends_of,
    said_of,
)
from shared.platform.subscription.decoding import EventDecoder, unprocessed_of
from tests.support.toy import wallet
from tests.support.toy.owned import Owned
from tests.support.toy.records import record

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

AT: Final = TopicPartition("events", 0)
BESIDE: Final = TopicPartition("events", 1)
Event = tuple[int, int]  # Stream and version.


def written(streams: Sequence[int]) -> list[Event]:
    """Events of these streams, with dense versions."""
    return [(stream, streams[: n + 1].count(stream)) for n, stream in enumerate(streams)]


def part(streams: Sequence[int]) -> list[LogRecord]:
    """The same as records, at offsets from 0 on."""
    return [record(*event, offset) for offset, event in enumerate(written(streams))]


class Handling:
    """A handler that processes what is not parked, all of a batch or nothing."""

    def __init__(self, poison: Collection[Event], problem: Exception) -> None:
        self._poison = poison
        self._problem = problem
        self._decoder = EventDecoder(Codec({"toy.wallet.filled.v1": wallet.Filled}))
        self._versions: dict[UUID, int] = {}
        self.done: list[Event] = []

    async def handle(self, cursors: Cursors, batch: Batch) -> Mapping[TopicPartition, int]:
        decoded = self._decoder.decode_all(batch)
        found = unprocessed_of(decoded, self._versions, cursors.parked)
        events = [(one.stream_id.int, one.version) for one in found.events]
        if any(event in self._poison for event in events):
            raise self._problem
        self.done += events
        self._versions |= found.versions
        return ends_of(batch)


class ParkingInTest:
    """Parks everything, as far as it takes it."""

    def __init__(self, takes: bool = True) -> None:
        self._takes = takes
        self.parked: list[Event] = []
        self.refused: list[int] = []

    async def load(
        self, connection: Driver, cursors: Cursors, held: Collection[int], taken: Collection[int]
    ) -> None:
        raise AssertionError("no lease has changed")

    async def park(
        self, cursors: Cursors, at: TopicPartition, record: LogRecord, problem: Exception
    ) -> bool:
        if not self._takes:
            self.refused.append(record.offset)
            raise Fenced
        envelope = envelope_of(at, record)
        self.parked.append((envelope.stream_id.int, envelope.version))
        cursors.parked = {*cursors.parked, envelope.stream_id}
        cursors.positions[at] = record.offset + 1
        return True

    async def retry_some(self, cursors: Cursors) -> None:
        raise AssertionError("no step was made")

    async def close(self) -> None:
        raise AssertionError("nobody has stopped")


def consumer_of(handler: Handling, parking: ParkingInTest) -> Consumer:
    consumer = Consumer(
        "toy",
        "reactions",
        database=cast(Database, None),
        reader=cast(LogReader, None),
        leases=cast(Leases, Owned()),
        handler=cast(Handler, handler),
        parking=parking,
    )
    consumer._cursors.positions = {AT: 0, BESIDE: 0}
    return consumer


class TestNarrowing:
    @given(
        st.lists(st.integers(1, 5), min_size=1, max_size=30),
        st.sets(st.tuples(st.integers(1, 5), st.integers(1, 6)), max_size=8),
    )
    def test_parks_each_poisoned_stream_and_does_all_else_once_in_order(
        self, streams: list[int], poison: set[Event]
    ) -> None:
        handling, parking = Handling(frozenset(poison), ValueError("bad")), ParkingInTest()
        consumer = consumer_of(handling, parking)
        records = part(streams)

        asyncio.run(consumer._take({AT: records}))

        first = {
            stream: min(version for of, version in poison if of == stream) for stream, _ in poison
        }
        events = written(streams)
        wanted = [
            (stream, version) for stream, version in events if version < first.get(stream, 99)
        ]
        assert handling.done == wanted
        assert parking.parked == [event for event in events if first.get(event[0]) == event[1]]
        assert consumer._cursors.positions[AT] == len(records)

    async def test_does_the_other_partitions_of_the_batch_too(self) -> None:
        handling, parking = Handling(frozenset({(1, 1)}), ValueError("bad")), ParkingInTest()
        consumer = consumer_of(handling, parking)
        await consumer._take({AT: part([1, 2, 1]), BESIDE: part([3, 4])})
        assert sorted(handling.done) == [(2, 1), (3, 1), (4, 1)]
        assert parking.parked == [(1, 1)]
        assert consumer._cursors.positions == {AT: 3, BESIDE: 2}

    @pytest.mark.parametrize("problem", [Fenced(), TimeoutError(), ConnectionResetError()])
    async def test_parks_nothing_for_what_is_not_the_event_s_fault(
        self, problem: Exception
    ) -> None:
        handling, parking = Handling(frozenset({(1, 1)}), problem), ParkingInTest()
        consumer = consumer_of(handling, parking)
        with pytest.raises(type(problem)):
            await consumer._take({AT: part([2, 1, 3])})
        assert (handling.done, parking.parked) == ([], [])
        assert consumer._cursors.positions[AT] == 0

    async def test_goes_no_further_when_it_is_fenced_while_it_parks(self) -> None:
        handling = Handling(frozenset({(1, 1)}), ValueError("bad"))
        parking = ParkingInTest(takes=False)
        consumer = consumer_of(handling, parking)
        with pytest.raises(Fenced):
            await consumer._take({AT: part([2, 1, 3])})
        assert (handling.done, parking.refused) == ([(2, 1)], [1])


class TestSaidOf:
    def test_names_the_class_and_what_it_says_within_bounds(self) -> None:
        assert said_of(ValueError("no such day")) == "ValueError: no such day"
        assert len(said_of(ValueError("x" * 9_999))) == ERROR_CHARS_MAX

    def test_holds_nothing_that_a_database_refuses(self) -> None:
        assert said_of(ValueError("a\0b\ud800c")) == "ValueError: ab?c"
