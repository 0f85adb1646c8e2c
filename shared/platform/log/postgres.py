"""Keeps the log of the embedded mode in two tables in a database of their own.

A partition's row is locked while it is appended to, so offsets are dense and in commit order.
Refuses header values that are not text, because headers are kept as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import asyncpg
import msgspec

from shared.platform.clock import monotonic_s
from shared.platform.database.connections import HeldConnection, is_transient
from shared.platform.log import postgres_sql as sql
from shared.platform.log.port import (
    LogRecord,
    LogUnavailable,
    NewRecord,
    OffsetOutOfRange,
    TopicMismatch,
    TopicPartition,
    TopicSpec,
    UnknownTopic,
)
from shared.platform.log.postgres_append import Appender
from shared.platform.log.records import InTurn, check
from shared.platform.log.tail import Stretches, Tail
from shared.platform.signals import Listener, Signal

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

POLL_S: Final = 0.25  # when no notification comes
READS_MAX: Final = 4  # fetches from the database at the same time
NOTIFY_PAUSE_S: Final = 0.005  # between two notifications
COMMAND_TIMEOUT_S: Final = 30.0  # for one statement


class PostgresLog:
    """An EventLog. One per process; its background work starts with the first use."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._tail = Tail()
        self._read_last = Stretches()  # Workers that catch up read the same records in turn.
        self._moved = Signal()
        self._appender = Appender(HeldConnection(self._connect), self._on_appended)
        self._reads = [HeldConnection(self._connect) for _ in range(READS_MAX)]
        self._free_reads: asyncio.Queue[HeldConnection] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._watch_listener = Listener()
        self._must_notify = False
        self._looked_s = 0.0  # When the ends of all partitions were last read.

    async def create(self, topics: Sequence[TopicSpec]) -> None:
        async with self._reading() as connection, connection.transaction():
            for statement in sql.CREATE:
                await connection.execute(statement)
            for spec in topics:
                await connection.execute(sql.ADD_TOPIC, *spec)
                await connection.execute(sql.ADD_PARTITIONS, spec.name)
            _compare(topics, await connection.fetch(sql.TOPICS))

    async def verify(self, topics: Sequence[TopicSpec]) -> None:
        async with self._reading() as connection:
            try:
                found = await connection.fetch(sql.TOPICS)
            except asyncpg.UndefinedTableError:
                found = []
            _compare(topics, found)

    async def append(self, topic: str, partition: int, records: Sequence[NewRecord]) -> int:
        check(records)
        return await self._appender.append(TopicPartition(topic, partition), records)

    def reader(self, name: str) -> PostgresReader:
        return PostgresReader(self, self._moved)

    async def end_offsets(self, topic: str) -> Sequence[int]:
        return (await self.ends([topic]))[topic]

    async def ends(self, topics: Sequence[str]) -> Mapping[str, Sequence[int]]:
        async with self._reading() as connection:
            rows = await connection.fetch(sql.ENDS_OF, topics)
        found = {row["topic"]: row["ends"] for row in rows}
        for topic in topics:
            if topic not in found:
                raise UnknownTopic(topic)
        return found

    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
            self._watching = None
        await self._appender.close()
        for held in self._reads:
            await held.close()

    async def known_end(self, at: TopicPartition, position: int) -> int:
        """The end of a partition, asked anew when it seems to be before the position."""
        self._watch()
        end = self._tail.end(at)
        if end is None or position > end:
            await self._refresh()
            end = self._tail.end(at)
        if end is None:
            raise UnknownTopic(f"{at.topic}/{at.partition}")
        if not 0 <= position <= end:
            raise OffsetOutOfRange(f"{at.topic}/{at.partition}: {position} of {end}")
        return end

    def ended_ago_s(self, at: TopicPartition, position: int) -> float | None:
        """Tells how many seconds ago the partition ended here; None: it goes on."""
        end = self._tail.end(at)
        return monotonic_s() - self._looked_s if end is not None and position >= end else None

    async def read(
        self, wanted: Mapping[TopicPartition, tuple[int, int]]
    ) -> Mapping[TopicPartition, Sequence[LogRecord]]:
        """Records [from, to) of partitions; all of them, or OffsetOutOfRange."""
        found: dict[TopicPartition, Sequence[LogRecord]] = {}
        missing: dict[TopicPartition, tuple[int, int]] = {}
        for at, (start, stop) in wanted.items():
            records = self._tail.read(at, start, stop - start)
            if records := records or self._read_last.read(at, start, stop - start):
                found[at] = records
            else:
                missing[at] = (start, stop)
        if missing:
            stored = await self._read_stored(missing)
            for at, records in stored.items():
                self._read_last.add(at, records)
            found.update(stored)
        return found

    async def _read_stored(
        self, wanted: Mapping[TopicPartition, tuple[int, int]]
    ) -> Mapping[TopicPartition, Sequence[LogRecord]]:
        async with self._reading() as connection:
            rows = await connection.fetch(
                sql.READ,
                [at.topic for at in wanted],
                [at.partition for at in wanted],
                [start for start, _ in wanted.values()],
                [stop for _, stop in wanted.values()],
            )
        found: dict[TopicPartition, list[LogRecord]] = {at: [] for at in wanted}
        for topic, partition, offset, key, value, headers in rows:
            named = {name: text.encode() for name, text in _PAIRS.decode(headers)}
            found[TopicPartition(topic, partition)].append(LogRecord(offset, key, value, named))
        for at, (start, stop) in wanted.items():
            if len(found[at]) != stop - start:
                raise OffsetOutOfRange(f"{at.topic}/{at.partition}: records are missing at {start}")
        return found

    def _on_appended(self, appended: Mapping[TopicPartition, tuple[int, list[NewRecord]]]) -> None:
        for at, (base, records) in appended.items():
            self._tail.appended(at, base, records)
        self._moved.notify()
        self._must_notify = True
        self._watch()
        self._watch_listener.notify()

    def _watch(self) -> None:
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch_others(), name="log watch")

    async def _watch_others(self) -> None:
        """Notices what other processes append, and tells them what this one did."""
        held = HeldConnection(self._connect)
        listening: Driver | None = None
        listener = Listener()
        try:
            while True:  # Until close().
                try:
                    connection = await held.get()
                    if connection is not listening:
                        await connection.add_listener(
                            sql.CHANNEL, self._on_notification(connection, listener)
                        )
                        listening = connection
                        listener.notify()
                    await self._watch_once(connection, listener)
                except Exception as problem:
                    if not is_transient(problem):
                        raise
                    held.drop()
                    await asyncio.sleep(POLL_S)
        finally:
            held.drop()

    async def _watch_once(self, connection: Driver, listener: Listener) -> None:
        self._watch_listener.forget()
        if self._must_notify:
            self._must_notify = False
            await connection.execute(f"NOTIFY {sql.CHANNEL}")
            await asyncio.sleep(NOTIFY_PAUSE_S)
        if await listener.wait(0):
            listener.forget()
            self._took_ends(await connection.fetch(sql.ENDS))
        if not await self._watch_listener.wait(POLL_S):
            listener.notify()

    def _on_notification(self, connection: Driver, listener: Listener) -> sql.Callback:
        own = connection.get_server_pid()

        def on_notification(_: object, pid: int, channel: str, payload: object) -> None:
            if pid != own:
                listener.notify()
                self._watch_listener.notify()

        return on_notification

    async def _refresh(self) -> None:
        async with self._reading() as connection:
            self._took_ends(await connection.fetch(sql.ENDS))

    def _took_ends(self, rows: Sequence[asyncpg.Record]) -> None:
        self._looked_s = monotonic_s()
        news = [self._tail.moved(TopicPartition(row[0], row[1]), row[2]) for row in rows]
        if any(news):
            self._moved.notify()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Driver]:
        if self._free_reads is None:
            self._free_reads = asyncio.Queue()
            for held in self._reads:
                self._free_reads.put_nowait(held)
        held = await self._free_reads.get()
        try:
            async with held.use() as connection:
                yield connection
        except (UnknownTopic, TopicMismatch, OffsetOutOfRange):
            raise
        except Exception as problem:
            if is_transient(problem):
                raise LogUnavailable(type(problem).__name__) from problem
            raise
        finally:
            self._free_reads.put_nowait(held)

    async def _connect(self) -> Driver:
        connection: Driver = await asyncpg.connect(
            self._url,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings={"application_name": "duebook log", "timezone": "UTC"},
        )
        return connection


_PAIRS: Final = msgspec.json.Decoder(list[tuple[str, str]])


class PostgresReader:
    """A LogReader; lives on its log's connections."""

    def __init__(self, log: PostgresLog, moved: Signal) -> None:
        self._log = log
        self._moved = moved
        self._listener = Listener()
        self._turns = InTurn()
        moved.add(self._listener)

    async def fetch(
        self, positions: Mapping[TopicPartition, int], records_max: int, wait_s: float
    ) -> Mapping[TopicPartition, Sequence[LogRecord]]:
        while True:  # Ends: with records, or when nothing was notified for wait_s.
            self._listener.forget()
            wanted: dict[TopicPartition, tuple[int, int]] = {}
            left = records_max
            for at, position in self._turns.of(positions):
                end = await self._log.known_end(at, position)
                if position < end and left > 0:
                    stop = min(end, position + left)
                    wanted[at] = (position, stop)
                    left -= stop - position
            if wanted:
                return await self._log.read(wanted)
            if not await self._listener.wait(wait_s):
                return {}

    def caught_up_ago_s(self, at: TopicPartition, position: int) -> float | None:
        return self._log.ended_ago_s(at, position)

    async def mirror(self, positions: Mapping[TopicPartition, int]) -> None:
        pass

    async def close(self) -> None:
        self._moved.remove(self._listener)


def _compare(topics: Sequence[TopicSpec], rows: Sequence[asyncpg.Record]) -> None:
    found = {row["topic"]: TopicSpec(*row) for row in rows}
    for spec in topics:
        if spec.name not in found:
            raise UnknownTopic(spec.name)
        if found[spec.name] != spec:
            raise TopicMismatch(f"{found[spec.name]} is there, {spec} is wanted")
