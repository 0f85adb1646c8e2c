"""Publishes committed rows to the log, at least once and in order. No business filters.

Per topic and partition one batch after the other: the next is not sent before the one before is
acknowledged. So whatever two relays do at the same time, the log gets copies but never a gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from shared.platform.database.connections import HeldConnection, is_transient
from shared.platform.database.pools import Database
from shared.platform.leases.leases import Leases
from shared.platform.log.envelope import StoredEvent, record_of
from shared.platform.log.port import EventLog, NewRecord, TopicPartition
from shared.platform.observability import failpoints
from shared.platform.observability import metrics as meters
from shared.platform.observability.throttled_log import ThrottledLog
from shared.platform.signals import Listener, Signal

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

WORKER: Final = "relay"
ROWS_MAX: Final = 500  # of one poll: as many as a projection folds
POLL_S: Final = 0.25  # when nobody notifies
RETRY_S_MIN: Final = 0.25  # after a round that failed; twice as long each time
RETRY_S_MAX: Final = 2.0  # after any further one: a full outbox is read in vain each time

# A row's xid is not before the horizon unless its transaction was over when the horizon was read.
POLL: Final = """
SELECT position, topic, partition_no, tenant_id, stream_id, version,
       pg_snapshot_xmin(pg_current_snapshot())::text AS horizon
  FROM es_outbox
 WHERE partition_no = ANY($1::smallint[]) AND xid >= $2::text::xid8
 ORDER BY position LIMIT $3"""

BIND: Final = "SELECT set_config('app.tenants', $1, true)"

EVENTS: Final = """
SELECT e.event_id, e.type, e.stream_id, e.version, e.tenant_id, e.account_id, e.effective_on,
       e.recorded_at, e.data, e.headers
  FROM unnest($1::uuid[], $2::bigint[]) AS w(stream_id, version)
  JOIN es_event e USING (stream_id, version)"""

# Only rows we have published; a relay that lost its lease leaves them to the new owner.
SETTLE: Final = """
DELETE FROM es_outbox o
 USING unnest($1::bigint[], $2::text[]) AS d(position, topic)
 WHERE o.position = d.position AND o.topic = d.topic
   AND EXISTS (SELECT FROM es_lease l
                 JOIN unnest($3::smallint[], $4::bigint[]) AS h(partition_no, epoch)
                USING (partition_no, epoch)
                WHERE l.worker = 'relay' AND l.partition_no = o.partition_no)"""

_HEADERS: Final = msgspec.json.Decoder(dict[str, str])


class _Row(NamedTuple):
    position: int
    topic: str
    partition: int
    tenant_id: UUID
    stream_id: UUID
    version: int


def _stored(row: asyncpg.Record) -> StoredEvent:
    return StoredEvent(
        id=row["event_id"],
        type=row["type"],
        stream_id=row["stream_id"],
        version=row["version"],
        tenant_id=row["tenant_id"],
        account_id=row["account_id"],
        effective_on=row["effective_on"],
        recorded_at=row["recorded_at"],
        data=row["data"],
        headers=_HEADERS.decode(row["headers"]),
    )


class MissingEvent(Exception):
    """An outbox row without its event: the store is damaged."""


class Relay:
    """Publishes all owned partitions of one service in one loop."""

    def __init__(
        self,
        service: str,
        *,
        database: Database,
        log: EventLog,
        leases: Leases,
        committed: Signal,
        published: Signal,
    ) -> None:
        self._service = service
        self._database = database
        self._log = log
        self._leases = leases
        self._published = published
        self._held = HeldConnection(self._connect)
        self._listener = Listener()
        self._throttled = ThrottledLog(__name__)
        self._stopping = False
        self._stop_asked = Listener()  # The other one hears every commit.
        self._failures = 0
        self._horizon = "0"
        self._owned: dict[int, int] = {}
        committed.add(self._listener)
        leases.changed.add(self._listener)

    def stop(self) -> None:
        self._stopping = True
        self._listener.notify()
        self._stop_asked.notify()

    async def run(self) -> None:
        """Runs until stop()."""
        while not self._stopping:
            self._listener.forget()
            if self._stopping:
                break
            try:
                more = await self._step()
            except Exception as problem:
                await self._after(problem)
                continue
            self._failures = 0
            if not more:
                await self._listener.wait(POLL_S)
        await self._held.close()

    async def _after(self, problem: Exception) -> None:
        self._horizon = "0"
        if not is_transient(problem):
            self._throttled.error("relay failed", problem, service=self._service)
        meters.RETRIED.labels(self._service, WORKER).inc()
        pause_s = min(RETRY_S_MAX, RETRY_S_MIN * 2 ** min(self._failures, 10))
        self._failures += 1
        await self._stop_asked.wait(pause_s)

    async def _step(self) -> bool:
        """Publish what one poll finds; whether there may be more at once."""
        owned = dict(self._leases.held(WORKER))
        if owned != self._owned:
            self._owned, self._horizon = owned, "0"
        if not owned:
            return False
        async with self._held.use() as connection:
            found = await connection.fetch(POLL, list(owned), self._horizon, ROWS_MAX)
            if not found:
                return False
            failpoints.hit("relay.after_poll")
            rows = [_Row(*row[:6]) for row in found]
            done = await self._publish(rows, await self._events(connection, rows))
            await self._settle(connection, done, owned)
        failpoints.hit("relay.after_delete")
        if len(rows) < ROWS_MAX and len(done) == len(rows):
            self._horizon = found[0]["horizon"]
        return len(rows) == len(done) == ROWS_MAX

    async def _events(
        self, connection: Driver, rows: Sequence[_Row]
    ) -> dict[tuple[UUID, int], StoredEvent]:
        """Reads the events of outbox rows: both are committed together and never change."""
        tenants = sorted({str(row.tenant_id) for row in rows})
        wanted = sorted({(row.stream_id, row.version) for row in rows})
        async with connection.transaction():
            await connection.execute(BIND, "{" + ",".join(tenants) + "}")
            found = await connection.fetch(EVENTS, [s for s, _ in wanted], [v for _, v in wanted])
        events = [_stored(row) for row in found]
        return {(event.stream_id, event.version): event for event in events}

    async def _publish(
        self, rows: Sequence[_Row], events: dict[tuple[UUID, int], StoredEvent]
    ) -> Sequence[_Row]:
        """Append in position order; the rows that are on the log now."""
        records: dict[tuple[UUID, int], NewRecord] = {}
        groups: dict[TopicPartition, list[_Row]] = {}
        for row in rows:
            key = (row.stream_id, row.version)
            if key not in events:
                raise MissingEvent(f"{row.stream_id} version {row.version}")
            if key not in records:
                records[key] = record_of(events[key], self._service)
            groups.setdefault(TopicPartition(row.topic, row.partition), []).append(row)
        failpoints.hit("relay.before_append")
        results = await asyncio.gather(
            *(
                self._log.append(*at, [records[row.stream_id, row.version] for row in group])
                for at, group in groups.items()
            ),
            return_exceptions=True,
        )
        failpoints.hit("relay.after_append")
        done: list[_Row] = []
        problems = [result for result in results if isinstance(result, BaseException)]
        for (at, group), result in zip(groups.items(), results, strict=True):
            if not isinstance(result, BaseException):
                meters.PUBLISHED.labels(self._service, at.topic).inc(len(group))
                done += group
        if problems:
            self._throttled.warning(
                "append failed", service=self._service, problem=type(problems[0]).__name__
            )
            if not done:
                raise problems[0]
        return done

    async def _settle(
        self, connection: Driver, done: Sequence[_Row], owned: dict[int, int]
    ) -> None:
        gone = await connection.execute(
            SETTLE,
            [row.position for row in done],
            [row.topic for row in done],
            list(owned),
            list(owned.values()),
        )
        self._published.notify()
        if gone != f"DELETE {len(done)}":
            meters.FENCED.labels(self._service, WORKER).inc()
            self._horizon = "0"

    async def _connect(self) -> Driver:
        """Opens a connection without waits for fsync: a lost deletion only publishes once more."""
        connection = await self._database.own_connection("duebook relay")
        await connection.execute("SET synchronous_commit = off")
        return connection
