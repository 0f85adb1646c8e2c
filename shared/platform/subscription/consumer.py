"""Leads one worker through the log: leases, positions, batches, and what happens when one fails.

A batch that fails for ever is narrowed down to the one record that does it. Where its worker can,
it parks the record's stream and goes on with the others; else the partition halts there. Nothing is
ever skipped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol
from uuid import UUID

import structlog

from shared.platform.clock import monotonic_s
from shared.platform.database.connections import HeldConnection, is_transient
from shared.platform.database.pools import Database
from shared.platform.leases.leases import Leases
from shared.platform.log.port import LogReader, LogRecord, OffsetOutOfRange, TopicPartition
from shared.platform.observability import failpoints
from shared.platform.observability import metrics as meters
from shared.platform.observability.throttled_log import ThrottledLog
from shared.platform.signals import Listener
from shared.platform.subscription import cursor_sql as sql

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

FETCH_WAIT_S: Final = 5.0  # a reader wakes by itself; this only bounds a forgotten wait
RETRY_S_MIN: Final = 0.05  # after the first failure of a batch; twice as long each time
RETRY_S_MAX: Final = 5.0  # after any further one
ERROR_CHARS_MAX: Final = 500  # of what is stored about a halt or a parked stream

Batch = Mapping[TopicPartition, Sequence[LogRecord]]

_log = structlog.get_logger(__name__)


class Fenced(Exception):
    """Somebody else owns one of these partitions by now. Nothing was written."""


class VersionGap(Exception):
    """A stream's event is missing on the log. Names stream and versions."""


class Handler(Protocol):
    """What a worker does with a batch."""

    records_max: int  # Of one batch.

    async def handle(self, cursors: Cursors, batch: Batch) -> Mapping[TopicPartition, int]:
        """Process the batch and move the cursors under their epochs; gives the new positions.

        May move less far than the batch reaches (an effect that waits). Raises Fenced.
        """
        ...


class StreamParking(Protocol):
    """Takes one stream out of the way of its partition, and lets it back in."""

    async def load(
        self, connection: Driver, cursors: Cursors, held: Collection[int], taken: Collection[int]
    ) -> None:
        """Loads what is parked in the partitions held; those just taken are retried."""
        ...

    async def park(
        self, cursors: Cursors, at: TopicPartition, record: LogRecord, problem: Exception
    ) -> bool:
        """Parks the stream of a record that fails for ever, and moves the cursor past it.

        False: it cannot, and the partition has to halt. Raises Fenced.
        """
        ...

    async def retry_some(self, cursors: Cursors) -> None:
        """Does a bounded part of what is to be retried. Raises Fenced."""
        ...

    async def close(self) -> None: ...


class Cursors:
    """Knows where one worker stands in its partitions, as its fence does."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.positions: dict[TopicPartition, int] = {}
        self.epochs: dict[int, int] = {}
        self.parked: Collection[UUID] = ()  # Streams that are passed over.
        self.wait_s = FETCH_WAIT_S  # For records, at most.
        self._resting: dict[TopicPartition, float] = {}  # Until when a partition waits.

    def rest(self, at: TopicPartition, seconds: float) -> None:
        """Leave a partition alone for a while."""
        self._resting[at] = monotonic_s() + seconds

    def awake(self) -> Mapping[TopicPartition, int]:
        """The positions of those that do not rest."""
        now_s = monotonic_s()
        self._resting = {at: until for at, until in self._resting.items() if until > now_s}
        return {at: n for at, n in self.positions.items() if at not in self._resting}

    def rest_s(self) -> float:
        """How long to wait for records at most."""
        if not self._resting:
            return self.wait_s
        return max(0.0, min(self.wait_s, min(self._resting.values()) - monotonic_s()))

    def fence(self, upto: Mapping[TopicPartition, int]) -> tuple[object, ...]:
        """The first five arguments of MOVE."""
        at = sorted(upto)
        return (
            self.worker,
            [tp.topic for tp in at],
            [tp.partition for tp in at],
            [self.positions[tp] for tp in at],
            [upto[tp] for tp in at],
            [self.epochs[tp.partition] for tp in at],
        )


def ends_of(batch: Batch) -> Mapping[TopicPartition, int]:
    """The next offset after each partition's last record."""
    return {at: records[-1].offset + 1 for at, records in batch.items()}


class Consumer:
    """Consumes all partitions of one worker in one loop."""

    def __init__(
        self,
        service: str,
        worker: str,
        *,
        database: Database,
        reader: LogReader,
        leases: Leases,
        handler: Handler,
        parking: StreamParking | None = None,
    ) -> None:
        self._service = service
        self._worker = worker
        self._database = database
        self._reader = reader
        self._leases = leases
        self._handler = handler
        self._parking = parking
        self._held = HeldConnection(self._connect)
        self._listener = Listener()
        self._cursors = Cursors(worker)
        self._stopping = False
        self._must_load = True
        self._failures = 0
        self.answered_s = monotonic_s()  # When the log last answered, if only with nothing.
        self._throttled = ThrottledLog(__name__)
        leases.changed.add(self._listener)

    @property
    def worker(self) -> str:
        return self._worker

    def caught_up_ago_s(self) -> Mapping[int, float]:
        """Tells how long ago a partition was known to be read to the end, for each such one."""
        found: dict[int, float] = {}
        behind: set[int] = set()
        for at, position in self._cursors.positions.items():
            ago_s = self._reader.caught_up_ago_s(at, position)
            if ago_s is None:
                behind.add(at.partition)
            else:
                found[at.partition] = max(ago_s, found.get(at.partition, 0.0))
        return {n: ago_s for n, ago_s in found.items() if n not in behind}

    def stop(self) -> None:
        """Stops after the batch at work."""
        self._stopping = True
        self._listener.notify()

    async def run(self) -> None:
        """Runs until stop()."""
        while not self._stopping:
            try:
                await self._step()
                self._failures = 0
            except Exception as problem:
                await self._after(problem)
        self._leases.changed.remove(self._listener)
        await self._reader.close()
        if self._parking is not None:
            await self._parking.close()
        await self._held.close()

    async def _step(self) -> None:
        self._listener.forget()
        if self._stopping:
            return
        await self._follow_leases()
        if self._parking is not None:
            await self._parking.retry_some(self._cursors)
        positions = self._cursors.awake()
        if not positions:
            await self._listener.wait(self._cursors.rest_s())
            return
        batch = await self._fetch(positions)
        if not batch:
            return
        await failpoints.reach("projector.after_fetch")
        await self._take(batch)
        await self._reader.mirror(self._cursors.positions)

    async def _fetch(self, positions: Mapping[TopicPartition, int]) -> Batch:
        """Fetches records; gives up as soon as leases change or we stop."""
        fetching = asyncio.ensure_future(
            self._reader.fetch(positions, self._handler.records_max, self._cursors.rest_s())
        )
        listening = asyncio.ensure_future(self._listener.wait(2 * FETCH_WAIT_S))
        try:
            await asyncio.wait((fetching, listening), return_when=asyncio.FIRST_COMPLETED)
            if not fetching.done():
                return {}
            found = fetching.result()
        except OffsetOutOfRange as problem:
            await self._find_out_of_range(positions, problem)
            return {}
        else:
            self.answered_s = monotonic_s()
            return found
        finally:
            fetching.cancel()
            listening.cancel()
            await asyncio.gather(fetching, listening, return_exceptions=True)

    async def _find_out_of_range(
        self, positions: Mapping[TopicPartition, int], problem: OffsetOutOfRange
    ) -> None:
        for at, position in positions.items():
            try:
                await self._reader.fetch({at: position}, 1, 0)
            except OffsetOutOfRange:
                await self._halt(at, problem)

    async def _take(self, batch: Batch) -> None:
        batch = self._ahead(batch)
        if not batch:
            return
        try:
            upto = await self._handler.handle(self._cursors, batch)
        except Exception as problem:
            if isinstance(problem, Fenced) or is_transient(problem):
                raise
            await self._narrow(batch, problem)
            return
        for at, position in upto.items():
            passed = position - self._cursors.positions[at]
            self._cursors.positions[at] = position
            meters.CONSUMED.labels(self._service, self._worker).inc(passed)

    def _ahead(self, batch: Batch) -> Batch:
        """Moves positions forward only: what lies before was done by a part of the same batch."""
        positions = self._cursors.positions
        ahead = {
            at: [record for record in records if record.offset >= positions[at]]
            for at, records in batch.items()
            if at in positions
        }
        return {at: records for at, records in ahead.items() if records}

    async def _narrow(self, batch: Batch, problem: Exception) -> None:
        """Tries the records in smaller batches; a single one that fails is given up."""
        if len(batch) > 1:
            for at, records in batch.items():
                await self._take({at: records})
            return
        ((at, records),) = batch.items()
        if len(records) == 1:
            await self._give_up(at, records[0], problem)
            return
        half = len(records) // 2
        await self._take({at: records[:half]})
        if self._cursors.positions.get(at) == records[half].offset:
            await self._take({at: records[half:]})

    async def _give_up(self, at: TopicPartition, record: LogRecord, problem: Exception) -> None:
        if self._parking is None or not await self._parking.park(
            self._cursors, at, record, problem
        ):
            await self._halt(at, problem)

    async def _halt(self, at: TopicPartition, problem: Exception) -> None:
        error = said_of(problem)
        _log.error(
            "partition halted",
            service=self._service,
            worker=self._worker,
            topic=at.topic,
            partition=at.partition,
            offset=self._cursors.positions[at],
            error=error,
            exc_info=problem,
        )
        connection = await self._held.get()
        await connection.execute(
            sql.HALT, self._worker, *at, self._cursors.epochs[at.partition], error
        )
        del self._cursors.positions[at]

    async def _follow_leases(self) -> None:
        held = dict(self._leases.held(self._worker))
        if held == self._cursors.epochs and not self._must_load:
            return
        connection = await self._held.get()
        rows = await connection.fetch(sql.LOAD, self._worker, list(held), list(held.values()))
        if self._parking is not None:
            taken = [n for n, epoch in held.items() if self._cursors.epochs.get(n) != epoch]
            await self._parking.load(connection, self._cursors, list(held), taken)
        await self._held.close()  # Needed again only when leases change.
        self._cursors.epochs = held
        self._cursors.positions = {
            TopicPartition(row["topic"], row["partition_no"]): row["next_offset"]
            for row in rows
            if row["state"] == "running"
        }
        self._must_load = False

    async def _after(self, problem: Exception) -> None:
        self._must_load = True
        self._held.drop()
        self._failures += 1
        if isinstance(problem, Fenced):
            meters.FENCED.labels(self._service, self._worker).inc()
        elif is_transient(problem):
            meters.RETRIED.labels(self._service, self._worker).inc()
            self._throttled.warning(
                "batch repeated",
                service=self._service,
                worker=self._worker,
                problem=type(problem).__name__,
            )
        else:
            self._throttled.error(
                "worker failed", problem, service=self._service, worker=self._worker
            )
        pause_s = min(RETRY_S_MAX, RETRY_S_MIN * 2 ** min(self._failures, 10))
        if not self._stopping:
            await self._listener.wait(pause_s)

    async def _connect(self) -> Driver:
        return await self._database.own_connection(f"duebook {self._worker}")


def said_of(problem: Exception) -> str:
    """What is stored about a failure: its class and what it says, as far as a database takes it."""
    said = f"{type(problem).__name__}: {problem}".replace("\0", "")
    return said.encode("utf-8", "replace").decode()[:ERROR_CHARS_MAX]
