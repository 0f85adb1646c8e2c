"""Parks the stream whose event a worker cannot take, and lets it back in when it can.

The rest of its partition goes on. Nothing is skipped: what comes after the event in its stream
waits on the log, in order, and is not marked as processed. A retry reads it again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from uuid import UUID

import structlog

from shared.kernel.envelope import Recorded
from shared.platform.clock import monotonic_s
from shared.platform.database.connections import HeldConnection, is_transient
from shared.platform.database.pools import Database
from shared.platform.log.envelope import envelope_of
from shared.platform.log.port import LogReader, LogRecord, TopicPartition
from shared.platform.observability import failpoints
from shared.platform.observability.throttled_log import ThrottledLog
from shared.platform.subscription import cursor_sql
from shared.platform.subscription import parking_sql as sql
from shared.platform.subscription.consumer import (
    FETCH_WAIT_S,
    Cursors,
    VersionGap,
    said_of,
)
from shared.platform.subscription.decoding import EventDecoder, unprocessed_of
from shared.platform.subscription.moving import move_and_look

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

PARKED_MAX: Final = 100  # streams of one worker and partition; with more, all of it is broken
RETRY_RECORDS_MAX: Final = 2_000  # read in one step of a retry, others' records among them
RETRY_EVENTS_MAX: Final = 20  # reacted to in one step of a retry; again after a crash
RETRY_S_MAX: Final = 0.25  # of retries, but for the step begun, before the partitions go on
READ_WAIT_S: Final = 5.0  # for records that are known to be on the log
PUT_OFF_S: Final = 30.0  # until a retry that a connection ended is made again
LOOK_S: Final = 1.0  # between two looks whether somebody wants a retry, while anything is parked

_log = structlog.get_logger(__name__)


class Reacting(Protocol):
    """A handler whose streams can be parked."""

    async def react_to(self, events: Sequence[Recorded[Any]]) -> None:
        """Does what follows from these events, harmless when it is done again. Moves nothing."""
        ...


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """A stream that its worker passes over."""

    at: TopicPartition
    stream_id: UUID
    first_offset: int  # No record before it waits; that of the event that failed, at first.


class _Retried(NamedTuple):
    """How far a retry got in one step."""

    offset: int  # What comes before it is done.
    version: int  # The last one processed.
    problem: Exception | None


class Parking:
    """Knows which streams of one worker are parked in its partitions; one loop asks it."""

    def __init__(
        self,
        service: str,
        worker: str,
        *,
        database: Database,
        reader: LogReader,
        decoder: EventDecoder,
        handler: Reacting,
    ) -> None:
        self._service = service
        self._worker = worker
        self._reader = reader
        self._decoder = decoder
        self._handler = handler
        self._held = HeldConnection(lambda: database.own_connection(f"duebook {worker} parking"))
        self._parked: dict[UUID, ParkedStream] = {}
        self._due: dict[UUID, float] = {}  # To be retried, and not before when.
        self._looks_at_s = 0.0
        self._throttled = ThrottledLog(__name__)

    async def load(
        self, connection: Driver, cursors: Cursors, held: Collection[int], taken: Collection[int]
    ) -> None:
        """Loads what is parked in the partitions held; those just taken are retried.

        Who takes a partition may be a process with the mistake mended.
        """
        rows = await connection.fetch(sql.LOAD, self._worker, list(held))
        self._parked = {
            row["stream_id"]: ParkedStream(
                TopicPartition(row["topic"], row["partition_no"]),
                row["stream_id"],
                row["first_offset"],
            )
            for row in rows
        }
        self._due = {
            stream: self._due.get(stream, 0.0)
            for stream, parked in self._parked.items()
            if stream in self._due or parked.at.partition in taken
        }
        self._tell(cursors)

    async def park(
        self, cursors: Cursors, at: TopicPartition, record: LogRecord, problem: Exception
    ) -> bool:
        """Parks the stream of a record that fails for ever, and moves the cursor past the record.

        False: not this one, its partition has to halt. A gap is no event that could be passed, of
        bytes nobody can read nobody knows the stream, and what hits everybody is to be mended
        first. Raises Fenced.
        """
        if isinstance(problem, VersionGap) or self._is_full(at):
            return False
        try:
            stream = self._decoder.decode(at, record).stream_id
        except Exception:  # What an upcaster raises, too: it was not decoded.
            return False
        error = said_of(problem)
        async with self._held.use() as connection, connection.transaction():
            await move_and_look(connection, cursors, {at: record.offset + 1})
            await connection.execute(sql.PARK, self._worker, *at, stream, record.offset, error)
            failpoints.hit("parking.before_commit")
        failpoints.hit("parking.after_commit")
        self._parked[stream] = ParkedStream(at, stream, record.offset)
        cursors.positions[at] = record.offset + 1
        self._tell(cursors)
        self._say(_log.error, "stream parked", self._parked[stream], error=error, exc_info=problem)
        return True

    async def retry_some(self, cursors: Cursors) -> None:
        """Retries what is due, step by step and in turn, but not for long. Raises Fenced."""
        await self._look()
        end_s = monotonic_s() + RETRY_S_MAX
        while (stream := self._next_due()) is not None:  # Each goes on, or is not due any more.
            await self._retry(cursors, self._parked[stream])
            if monotonic_s() >= end_s:
                break
        self._tell(cursors)

    async def close(self) -> None:
        await self._reader.close()
        await self._held.close()

    def _is_full(self, at: TopicPartition) -> bool:
        return sum(one.at.partition == at.partition for one in self._parked.values()) >= PARKED_MAX

    def _next_due(self) -> UUID | None:
        now_s = monotonic_s()
        return next((stream for stream, since_s in self._due.items() if since_s <= now_s), None)

    def _tell(self, cursors: Cursors) -> None:
        cursors.parked = self._parked.keys()
        waits_s = LOOK_S if self._parked else FETCH_WAIT_S
        now_s = monotonic_s()
        cursors.wait_s = max(0.0, min([waits_s, *(due_s - now_s for due_s in self._due.values())]))

    async def _look(self) -> None:
        """Finds what somebody wants to be retried: whoever was asked wrote it down."""
        if not self._parked or monotonic_s() < self._looks_at_s:
            return
        async with self._held.use() as connection:
            rows = await connection.fetch(sql.WANTED, self._worker, list(self._parked))
        for row in rows:
            self._due.setdefault(row["stream_id"], 0.0)
        self._looks_at_s = monotonic_s() + LOOK_S

    async def _retry(self, cursors: Cursors, parked: ParkedStream) -> None:
        """Raises what is transient where it is unknown what was written: all is loaded anew."""
        stream, position = parked.stream_id, cursors.positions.get(parked.at)
        del self._due[stream]
        if position is None:  # Its partition halted: that comes first.
            return
        self._due[stream] = monotonic_s() + PUT_OFF_S  # Unless it is done.
        retried = await self._react(parked, position)
        if retried is None:
            return
        async with self._held.use() as connection, connection.transaction():
            await move_and_look(connection, cursors, {parked.at: position})
            if retried.version:
                await connection.execute(
                    cursor_sql.MARK_PROCESSED, self._worker, [stream], [retried.version]
                )
            await self._note(connection, parked, retried, position)
            failpoints.hit("parking.before_retry_commit")
        failpoints.hit("parking.after_retry_commit")
        del self._due[stream]
        self._after(parked, retried, position)

    async def _note(
        self, connection: Driver, parked: ParkedStream, retried: _Retried, position: int
    ) -> None:
        """Writes that the stream goes on, or how far it is, with what is in its way now."""
        key = (self._worker, parked.at.topic, parked.stream_id)
        if retried.problem is not None:
            await connection.execute(sql.FAIL, *key, retried.offset, said_of(retried.problem))
        elif retried.offset < position:
            await connection.execute(sql.GO_ON, *key, retried.offset)
        else:
            await connection.execute(sql.LEAVE, *key)

    def _after(self, parked: ParkedStream, retried: _Retried, position: int) -> None:
        now = replace(parked, first_offset=retried.offset)
        self._parked[parked.stream_id] = now
        if retried.problem is not None:
            error = said_of(retried.problem)
            self._say(_log.error, "stream stays parked", now, error=error, exc_info=retried.problem)
        elif retried.offset < position:
            self._due[parked.stream_id] = 0.0  # Behind the others that are due.
        else:
            del self._parked[parked.stream_id]
            self._say(_log.info, "stream not parked any more", now)

    async def _react(self, parked: ParkedStream, position: int) -> _Retried | None:
        """Reacts to what waits, event by event, up to the first that fails again.

        None: a connection ended, or a read model is behind. The others do not wait for that.
        """
        offset, stream, reacted, version = parked.first_offset, parked.stream_id, 0, 0
        try:
            version = await self._processed(stream)
            for record in await self._read(parked.at, offset, position):
                if envelope_of(parked.at, record).stream_id == stream:
                    decoded = self._decoder.decode(parked.at, record)
                    one = unprocessed_of([decoded], {stream: version})
                    await self._handler.react_to(one.events)
                    version = one.versions.get(stream, version)
                    reacted += 1
                offset = record.offset + 1
                if reacted == RETRY_EVENTS_MAX:
                    break
        except Exception as problem:
            if not is_transient(problem):
                return _Retried(offset, version, problem)
            self._throttled.warning(
                "retry put off",
                service=self._service,
                worker=self._worker,
                problem=type(problem).__name__,
            )
            return None
        failpoints.hit("parking.after_retry")
        return _Retried(offset, version, None)

    async def _read(self, at: TopicPartition, offset: int, position: int) -> Sequence[LogRecord]:
        """Reads what lies between. Raises OffsetOutOfRange; a timeout where the log is silent."""
        records_max = min(RETRY_RECORDS_MAX, position - offset)
        found = (await self._reader.fetch({at: offset}, records_max, READ_WAIT_S)).get(at)
        if not found:
            raise TimeoutError(f"{at.topic}/{at.partition}: nothing at {offset}")
        return [record for record in found if record.offset < position]

    async def _processed(self, stream: UUID) -> int:
        async with self._held.use() as connection:
            rows = await connection.fetch(cursor_sql.PROCESSED, self._worker, [stream])
        return rows[0]["version"] if rows else 0

    def _say(self, say: Any, event: str, parked: ParkedStream, **more: object) -> None:
        say(
            event,
            service=self._service,
            worker=self._worker,
            topic=parked.at.topic,
            partition=parked.at.partition,
            offset=parked.first_offset,
            stream_id=str(parked.stream_id),
            **more,
        )
