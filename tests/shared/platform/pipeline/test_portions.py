"""How much a worker reads at once is said by what it does with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from shared.platform.database.pools import Database
from shared.platform.leases.leases import Leases
from shared.platform.log.port import LogReader, LogRecord, TopicPartition
from shared.platform.subscription.consumer import Batch, Consumer, Cursors, ends_of
from tests.support.toy.owned import Owned
from tests.support.toy.records import record

AT: Final = TopicPartition("one", 0)
RECORDS: Final = [record(stream, 1, stream - 1) for stream in range(1, 8)]


class Reader:
    """A partition of seven records."""

    async def fetch(
        self, positions: Mapping[TopicPartition, int], records_max: int, wait_s: float
    ) -> Mapping[TopicPartition, Sequence[LogRecord]]:
        first = positions[AT]
        return {AT: RECORDS[first : first + records_max]}

    async def mirror(self, positions: Mapping[TopicPartition, int]) -> None:
        """Does nothing."""


class ByThrees:
    """Takes three records at once, and notes how many came."""

    records_max = 3

    def __init__(self) -> None:
        self.came: list[int] = []

    async def handle(self, cursors: Cursors, batch: Batch) -> Mapping[TopicPartition, int]:
        self.came.append(len(batch[AT]))
        return ends_of(batch)


async def test_a_batch_holds_what_its_handler_takes() -> None:
    handler = ByThrees()
    consumer = Consumer(
        "toy",
        "worker",
        database=cast(Database, None),
        reader=cast(LogReader, Reader()),
        leases=cast(Leases, Owned()),
        handler=handler,
    )
    consumer._cursors.positions = {AT: 0}
    consumer._cursors.epochs = {AT.partition: 1}
    consumer._must_load = False
    for _ in range(3):
        await consumer._step()
    assert handler.came == [3, 3, 1]
