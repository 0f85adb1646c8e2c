"""Keeps the event store in PostgreSQL: few statements, each for a whole batch, by the driver."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import text

from shared.platform.database.connections import is_transient
from shared.platform.database.pools import Database, driver
from shared.platform.observability import failpoints
from shared.platform.store.notifier import Notifier
from shared.platform.store.port import (
    CommitUncertain,
    Conflict,
    DuplicateEvent,
    Head,
    KeyId,
    NewSnapshot,
    StoredKey,
    StoredSnapshot,
    StreamInfo,
    TailEvent,
    TimerRow,
    Writes,
)
from shared.platform.store.together import Together

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

OUTBOX_CHANNEL: Final = "duebook_outbox"
WRITER_NAME: Final = "duebook writer"  # In pg_stat_activity.
ASK_S_MAX: Final = 10.0  # how long the outcome of an unanswered COMMIT is asked for
ASK_PAUSE_S: Final = 0.05  # between two questions for that outcome
ROLLBACK_S_MAX: Final = 1.0  # for a ROLLBACK; then the connection is given up
CLOSE_S_MAX: Final = 1.0  # for a connection to close; then it is cut

# In id order, so that two processes wait for each other but never in a circle.
LOCK: Final = """
SELECT stream_id, version, stream_type, tenant_id FROM es_stream
 WHERE stream_id = ANY($1::uuid[]) ORDER BY stream_id FOR UPDATE"""

# After LOCK, in a snapshot of its own: a twin of a command that waited for the same streams
# has committed its key by now. The same look-up before LOCK would miss it.
STORED: Final = """
SELECT c.tenant_id, c.idem_key, c.request_hash, c.response
  FROM unnest($1::uuid[], $2::text[]) AS k(tenant_id, idem_key)
  JOIN es_command c USING (tenant_id, idem_key)"""

TAILS: Final = """
SELECT e.stream_id, e.version, e.type, e.data, s.legal_entity, e.account_id, e.recorded_at,
       e.event_id
  FROM unnest($1::uuid[], $2::bigint[]) AS k(stream_id, version)
  JOIN es_event e ON e.stream_id = k.stream_id AND e.version > k.version
  JOIN es_stream s ON s.stream_id = e.stream_id
 ORDER BY e.stream_id, e.version"""

# Only where the event it was folded up to is the one that is stored: a snapshot of a history that
# a server set back has forgotten finds another event there, or none.
SNAPSHOTS: Final = """
SELECT n.stream_id, n.version, n.data
  FROM unnest($1::uuid[], $2::bytea[]) AS k(stream_id, fingerprint)
  JOIN es_snapshot n ON n.stream_id = k.stream_id AND n.fingerprint = k.fingerprint
  JOIN es_event e
    ON e.stream_id = n.stream_id AND e.version = n.version AND e.event_id = n.event_id"""

KEEP_SNAPSHOT: Final = """
INSERT INTO es_snapshot (stream_id, tenant_id, version, event_id, fingerprint, data)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (stream_id) DO UPDATE
  SET version = excluded.version, event_id = excluded.event_id,
      fingerprint = excluded.fingerprint, data = excluded.data"""

# Compare and append: everything or, when a version, a stream, a key or an event id is not as
# expected, nothing. Whoever succeeds saw the previous version committed before, so positions
# follow versions. ON CONFLICT keeps a faster twin from being mistaken for a fault of ours.
WRITE: Final = """
WITH locked AS MATERIALIZED (
  SELECT s.stream_id, m.version
    FROM unnest($8::uuid[], $9::bigint[], $10::bigint[]) AS m(stream_id, expected, version)
    JOIN es_stream s ON s.stream_id = m.stream_id AND s.version = m.expected
   ORDER BY s.stream_id FOR UPDATE OF s
), moved AS (
  UPDATE es_stream s SET version = l.version
    FROM locked l WHERE s.stream_id = l.stream_id AND s.version <> l.version
), created AS (
  INSERT INTO es_stream (stream_id, stream_type, tenant_id, account_id, legal_entity,
                         partition_no, version)
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[],
    $6::smallint[], $7::bigint[])
  ON CONFLICT DO NOTHING RETURNING 1
), answered AS (
  INSERT INTO es_command (tenant_id, idem_key, request_hash, response)
  SELECT * FROM unnest($11::uuid[], $12::text[], $13::bytea[], $14::bytea[])
  ON CONFLICT DO NOTHING RETURNING 1
), appended AS (
  INSERT INTO es_event (stream_id, version, event_id, type, schema_ver, tenant_id, account_id,
                        partition_no, effective_on, recorded_at, data, headers)
  SELECT * FROM unnest($15::uuid[], $16::bigint[], $17::uuid[], $18::text[], $19::smallint[],
    $20::uuid[], $21::uuid[], $22::smallint[], $23::date[], $24::timestamptz[], $25::bytea[],
    $26::jsonb[])
  ON CONFLICT DO NOTHING
  RETURNING position, event_id, partition_no, tenant_id, stream_id, version
), queued AS (
  INSERT INTO es_outbox (position, topic, partition_no, tenant_id, stream_id, version)
  SELECT a.position, t.topic, a.partition_no, a.tenant_id, a.stream_id, a.version
    FROM appended a
    JOIN unnest($27::uuid[], $28::text[]) AS t(event_id, topic) USING (event_id)
), gone AS (
  DELETE FROM es_timer t USING unnest($29::uuid[], $30::text[]) AS g(stream_id, name)
   WHERE t.stream_id = g.stream_id AND t.name = g.name
), kept AS (
  INSERT INTO es_timer (stream_id, name, due_at, since_version, partition_no, tenant_id)
  SELECT * FROM unnest($31::uuid[], $32::text[], $33::timestamptz[], $34::bigint[],
    $35::smallint[], $36::uuid[])
  ON CONFLICT (stream_id, name) DO UPDATE
    SET due_at = excluded.due_at, since_version = excluded.since_version
), met AS (
  SELECT (SELECT count(*) FROM locked) = cardinality($8::uuid[])
     AND (SELECT count(*) FROM created) = cardinality($1::uuid[])
     AND (SELECT count(*) FROM answered) = cardinality($11::uuid[]) AS expectations,
         (SELECT count(*) FROM appended) = cardinality($15::uuid[]) AS all_appended
)
SELECT CASE WHEN expectations AND all_appended THEN pg_current_xact_id()::text
            ELSE es_conflict(expectations) END FROM met"""

PRIVATE: Final = """
INSERT INTO {table} (id, tenant_id, details)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[])
ON CONFLICT (id) DO UPDATE SET details = {table}.details || excluded.details"""

COMMITTED: Final = "SELECT pg_xact_status($1::text::xid8)"


class PostgresTransaction:
    """One connection, one transaction at a time, and the certainty of what became of it."""

    def __init__(self, database: Database, connection: Driver, notifier: Notifier) -> None:
        self._database = database
        self._connection = connection
        self._notifier = notifier

    async def begin(self, tenants: Collection[UUID]) -> None:
        bound = ",".join(sorted(str(tenant) for tenant in tenants))  # UUIDs: safe as text.
        await self._connection.execute(f"BEGIN; SET LOCAL app.tenants = '{{{bound}}}'")

    async def lock(self, streams: Collection[UUID]) -> Mapping[UUID, Head]:
        rows = await self._connection.fetch(LOCK, list(streams))
        return {row[0]: Head(row[1], row[2], row[3]) for row in rows}

    async def stored_keys(self, keys: Collection[KeyId]) -> Mapping[KeyId, StoredKey]:
        if not keys:
            return {}
        tenants, names = zip(*keys, strict=True)
        rows = await self._connection.fetch(STORED, tenants, names)
        return {(row[0], row[1]): StoredKey(row[2], row[3]) for row in rows}

    async def tails(self, after: Mapping[UUID, int]) -> Iterable[TailEvent]:
        rows = await self._connection.fetch(TAILS, list(after), list(after.values()))
        return [TailEvent(*row) for row in rows]

    async def snapshots(self, fingerprints: Mapping[UUID, bytes]) -> Iterable[StoredSnapshot]:
        rows = await self._connection.fetch(
            SNAPSHOTS, list(fingerprints), list(fingerprints.values())
        )
        return [StoredSnapshot(*row) for row in rows]

    async def write_and_commit(self, writes: Writes) -> None:
        await self._write_private(writes)
        try:
            xid: str = await self._connection.fetchval(WRITE, *_columns(writes))
        except asyncpg.SerializationError as problem:
            raise Conflict from problem
        except asyncpg.UniqueViolationError as problem:
            raise DuplicateEvent from problem
        failpoints.hit("writer.before_commit")
        await self._commit(xid)
        failpoints.hit("writer.after_commit")
        if writes.events:
            self._notifier.notify()

    async def rollback(self) -> None:
        if self._connection.is_closed():
            return
        try:
            await self._connection.execute("ROLLBACK", timeout=ROLLBACK_S_MAX)
        except Exception:  # A connection that cannot roll back is of no use.
            self._connection.terminate()

    async def close(self) -> None:
        if self._connection.is_closed():
            return
        try:
            await self._connection.close(timeout=CLOSE_S_MAX)
        except Exception:
            self._connection.terminate()

    async def _write_private(self, writes: Writes) -> None:
        tables = sorted({row.table for _, row in writes.private})
        for table in tables:
            rows = sorted(
                (row.id, tenant_id, _json(row.details))
                for tenant_id, row in writes.private
                if row.table == table
            )
            await self._connection.execute(PRIVATE.format(table=table), *zip(*rows, strict=True))

    async def _commit(self, xid: str) -> None:
        """Commits. An error before COMMIT was sent means not written; after it, ask the server."""
        try:
            tag = await self._connection.execute("COMMIT")
        except Exception as problem:
            self._connection.terminate()
            if await self._was_committed(xid):
                return
            raise ConnectionResetError("the transaction was rolled back") from problem
        if tag != "COMMIT":
            raise RuntimeError("the transaction was rolled back at COMMIT")

    async def _was_committed(self, xid: str) -> bool:
        try:
            async with asyncio.timeout(ASK_S_MAX):
                while True:  # Until the timeout.
                    status = await self._status_of(xid)
                    if status in ("committed", "aborted"):
                        return status == "committed"
                    await asyncio.sleep(ASK_PAUSE_S)
        except TimeoutError:
            raise CommitUncertain(xid) from None

    async def _status_of(self, xid: str) -> str:
        """Asks on a new connection what became of it; "unknown" whenever there is no answer."""
        connection: Driver | None = None
        try:
            connection = await self._database.own_connection(WRITER_NAME)
            status: str | None = await connection.fetchval(COMMITTED, xid)
        except Exception:  # No failure to ask is an answer.
            return "unknown"
        else:
            return status or "unknown"
        finally:
            if connection is not None:
                connection.terminate()


class PostgresStore:
    """The event store of one service."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._notifier = Notifier(database, OUTBOX_CHANNEL)
        self._descriptions = Together(self._described)

    async def transaction(self) -> PostgresTransaction:
        connection = await self._database.own_connection(WRITER_NAME)
        return PostgresTransaction(self._database, connection, self._notifier)

    async def describe(
        self, tenant_id: UUID, streams: Collection[UUID]
    ) -> Mapping[UUID, StreamInfo]:
        if not streams:
            return {}
        known = await self._descriptions.of(tenant_id, streams)
        return {id: known[id] for id in streams if id in known}

    async def _described(
        self, tenant_id: UUID, streams: Collection[UUID]
    ) -> Mapping[UUID, StreamInfo]:
        async with self._database.bound([tenant_id]) as connection:
            found = await connection.execute(
                text(
                    "SELECT stream_id, stream_type, account_id, legal_entity, version"
                    "  FROM es_stream WHERE tenant_id = :tenant_id AND stream_id = ANY(:streams)"
                ),
                {"tenant_id": tenant_id, "streams": list(streams)},
            )
            return {row[0]: StreamInfo(row[1], row[2], row[3], row[4]) for row in found}

    async def known_events(self, tenant_id: UUID, ids: Collection[UUID]) -> Collection[UUID]:
        if not ids:
            return frozenset()
        async with self._database.bound([tenant_id]) as connection:
            found = await connection.execute(
                text(
                    "SELECT event_id FROM es_event"
                    " WHERE tenant_id = :tenant_id AND event_id = ANY(:ids)"
                ),
                {"tenant_id": tenant_id, "ids": list(ids)},
            )
            return frozenset(row[0] for row in found)

    async def keep_snapshot(self, snapshot: NewSnapshot) -> None:
        async with self._database.bound([snapshot.tenant_id]) as connection:
            await (await driver(connection)).execute(KEEP_SNAPSHOT, *snapshot)

    def is_transient(self, problem: BaseException) -> bool:
        return isinstance(problem, Conflict) or is_transient(problem)

    async def close(self) -> None:
        """Stop notifying the relay. The writer closes its own connection."""
        with contextlib.suppress(OSError):
            await self._notifier.close()


def _columns(writes: Writes) -> list[list[object]]:
    """The arrays of WRITE, in the order of its placeholders."""
    created = sorted(writes.created, key=lambda stream: stream.id.int)
    expected = sorted(writes.expected, key=lambda id: id.int)
    keys = sorted(writes.keys, key=lambda key: (key[0].int, key[1]))
    events = writes.events
    gone = sorted(writes.timers_gone, key=_place)
    kept = sorted(writes.timers_kept, key=_place)
    return [
        [stream.id for stream in created],
        [stream.kind for stream in created],
        [stream.tenant_id for stream in created],
        [stream.account_id for stream in created],
        [stream.legal_entity for stream in created],
        [stream.partition for stream in created],
        [stream.version for stream in created],
        [*expected],
        [writes.expected[id] for id in expected],
        [writes.moved.get(id, writes.expected[id]) for id in expected],
        [tenant_id for tenant_id, _ in keys],
        [key for _, key in keys],
        [writes.keys[key].fingerprint for key in keys],
        [writes.keys[key].response for key in keys],
        [event.stream_id for event in events],
        [event.version for event in events],
        [event.id for event in events],
        [event.type for event in events],
        [event.schema_version for event in events],
        [event.tenant_id for event in events],
        [event.account_id for event in events],
        [event.partition for event in events],
        [event.effective_on for event in events],
        [event.recorded_at for event in events],
        [event.data for event in events],
        [_json(event.headers) for event in events],
        [event.id for event in events for _ in event.topics],
        [topic for event in events for topic in event.topics],
        [stream_id for stream_id, _ in gone],
        [name for _, name in gone],
        [timer.stream_id for timer in kept],
        [timer.name for timer in kept],
        [timer.due_at for timer in kept],
        [timer.since_version for timer in kept],
        [timer.partition for timer in kept],
        [timer.tenant_id for timer in kept],
    ]


def _place(timer: TimerRow | tuple[UUID, str]) -> tuple[int, str]:
    """By which timers are sorted, as PostgreSQL sorts them; UUIDs compare slowly, numbers fast."""
    return timer[0].int, timer[1]


def _json(fields: Mapping[str, str | None]) -> str:
    return msgspec.json.encode(dict(fields)).decode()
