"""Keeps an event store in memory for tests, with the promises of the real one.

Streams are locked one by one, and a lost race shows as a Conflict, exactly as in PostgreSQL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from shared.kernel.decider import PrivateRow
from shared.platform.store.port import (
    Conflict,
    DuplicateEvent,
    Head,
    KeyId,
    NewEvent,
    NewSnapshot,
    NewStream,
    StoredKey,
    StoredSnapshot,
    StreamInfo,
    TailEvent,
    TimerRow,
    Writes,
)


class MemoryStore:
    """What is stored may be read by tests; only a transaction changes it."""

    def __init__(self) -> None:
        self.streams: dict[UUID, NewStream] = {}
        self.events: list[NewEvent] = []  # By position.
        self.keys: dict[KeyId, StoredKey] = {}
        self.timers: dict[tuple[UUID, str], TimerRow] = {}
        self.private: dict[tuple[str, UUID], tuple[UUID, PrivateRow]] = {}
        self.snapshots: dict[UUID, NewSnapshot] = {}
        self._by_stream: dict[UUID, list[NewEvent]] = {}
        self._event_ids: set[UUID] = set()
        self._locks: dict[UUID, asyncio.Lock] = {}

    async def transaction(self) -> MemoryTransaction:
        return MemoryTransaction(self)

    async def describe(
        self, tenant_id: UUID, streams: Collection[UUID]
    ) -> Mapping[UUID, StreamInfo]:
        found = (self.streams[id] for id in streams if id in self.streams)
        return {
            stream.id: StreamInfo(
                stream.kind, stream.account_id, stream.legal_entity, stream.version
            )
            for stream in found
            if stream.tenant_id == tenant_id
        }

    async def known_events(self, tenant_id: UUID, ids: Collection[UUID]) -> Collection[UUID]:
        wanted = set(ids)
        return {
            event.id for event in self.events if event.id in wanted and event.tenant_id == tenant_id
        }

    async def keep_snapshot(self, snapshot: NewSnapshot) -> None:
        self.snapshots[snapshot.stream_id] = snapshot

    def is_transient(self, problem: BaseException) -> bool:
        return isinstance(problem, Conflict)

    def events_of(self, stream: UUID) -> list[NewEvent]:
        return self._by_stream.get(stream, [])

    def lock_of(self, stream: UUID) -> asyncio.Lock:
        return self._locks.setdefault(stream, asyncio.Lock())

    def check(self, writes: Writes) -> None:
        """Raises Conflict or DuplicateEvent."""
        for id, version in writes.expected.items():
            if self.streams[id].version != version:
                raise Conflict
        if any(stream.id in self.streams for stream in writes.created):
            raise Conflict
        if not self.keys.keys().isdisjoint(writes.keys):
            raise Conflict
        ids = {event.id for event in writes.events}
        if len(ids) < len(writes.events) or not ids.isdisjoint(self._event_ids):
            raise DuplicateEvent

    def apply(self, writes: Writes) -> None:
        """Applies all of it, without a pause in which somebody could look."""
        for stream in writes.created:
            self.streams[stream.id] = stream
        for id, version in writes.moved.items():
            self.streams[id].version = version
        for event in writes.events:
            self.events.append(event)
            self._by_stream.setdefault(event.stream_id, []).append(event)
            self._event_ids.add(event.id)
        self.keys.update(writes.keys)
        for gone in writes.timers_gone:
            self.timers.pop(gone, None)
        for timer in writes.timers_kept:
            self.timers[timer.stream_id, timer.name] = timer
        for tenant_id, row in writes.private:
            _, known = self.private.get((row.table, row.id), (tenant_id, row))
            merged = row._replace(details={**known.details, **row.details})
            self.private[row.table, row.id] = (tenant_id, merged)


class MemoryTransaction:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._tenants: frozenset[UUID] = frozenset()
        self._held: list[asyncio.Lock] = []

    async def begin(self, tenants: Collection[UUID]) -> None:
        self._tenants = frozenset(tenants)

    async def lock(self, streams: Collection[UUID]) -> Mapping[UUID, Head]:
        for id in sorted(self._visible(streams)):
            lock = self._store.lock_of(id)
            await lock.acquire()
            self._held.append(lock)
        found = (self._store.streams[id] for id in self._visible(streams))
        return {stream.id: Head(stream.version, stream.kind, stream.tenant_id) for stream in found}

    async def stored_keys(self, keys: Collection[KeyId]) -> Mapping[KeyId, StoredKey]:
        known = self._store.keys
        return {key: known[key] for key in keys if key in known and key[0] in self._tenants}

    async def tails(self, after: Mapping[UUID, int]) -> Iterable[TailEvent]:
        return [
            TailEvent(
                id,
                event.version,
                event.type,
                event.data,
                self._store.streams[id].legal_entity,
                event.account_id,
                event.recorded_at,
                event.id,
            )
            for id in sorted(self._visible(after))
            for event in self._store.events_of(id)
            if event.version > after[id]
        ]

    async def snapshots(self, fingerprints: Mapping[UUID, bytes]) -> Iterable[StoredSnapshot]:
        found = (self._store.snapshots.get(id) for id in self._visible(fingerprints))
        return [
            StoredSnapshot(one.stream_id, one.version, one.data)
            for one in found
            if one is not None
            and one.fingerprint == fingerprints[one.stream_id]
            and one.tenant_id in self._tenants
            and any(
                (event.version, event.id) == (one.version, one.event_id)
                for event in self._store.events_of(one.stream_id)
            )
        ]

    async def write_and_commit(self, writes: Writes) -> None:
        await asyncio.sleep(0)  # Where the real one waits, others get their turn.
        self._store.check(writes)
        self._store.apply(writes)
        self._release()

    async def rollback(self) -> None:
        self._release()

    async def close(self) -> None:
        self._release()

    def _visible(self, streams: Iterable[UUID]) -> list[UUID]:
        known = self._store.streams
        return [id for id in streams if id in known and known[id].tenant_id in self._tenants]

    def _release(self) -> None:
        for lock in self._held:
            lock.release()
        self._held.clear()
