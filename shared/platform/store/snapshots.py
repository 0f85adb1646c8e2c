"""Keeps what long streams were folded to, so that nobody folds them from their first event again.

A snapshot is a cache: it may be missing, and one that is not of today's fold and of today's
history is not used. So it is written behind the answers, and one that cannot be written is let go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple
from uuid import UUID

from shared.kernel.decider import Aggregate, Folded
from shared.platform.observability.throttled_log import ThrottledLog
from shared.platform.store.cache import Known
from shared.platform.store.folded_codec import FoldedCodec
from shared.platform.store.port import EventStore, Head, NewEvent, NewSnapshot, Transaction

TAIL_EVENTS_MIN: Final = 250  # events that are worth a snapshot; a shorter tail is folded
SNAPSHOT_BYTES_MAX: Final = 4 * 2**20  # of one; a state that is larger is folded each time
SNAPSHOTS_WAITING_MAX: Final = 100  # to be written; further ones are let go
PAUSE_S: Final = 0.5  # before a round, so that a stream that grows fast has one of many
CLOSE_S_MAX: Final = 1.0  # for what waits when a process ends; then it is let go

_log = ThrottledLog(__name__)


class _Wanted(NamedTuple):
    known: Known
    event_id: UUID  # The last event of it.


class Snapshots:
    """Reads snapshots for a load, and writes them in a task of its own. One per writer."""

    def __init__(
        self,
        store: EventStore,
        codecs: Mapping[str, FoldedCodec],
        *,
        tail_events_min: int = TAIL_EVENTS_MIN,
    ) -> None:
        self._store = store
        self._codecs = codecs
        self._tail_events_min = tail_events_min
        self._waiting: dict[UUID, _Wanted] = {}  # The latest of each stream.
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    async def read(
        self,
        transaction: Transaction,
        stale: Mapping[UUID, Aggregate[Any, Any]],
        heads: Mapping[UUID, Head],
        folded: dict[UUID, Folded],
    ) -> None:
        """Brings stale states forward to their snapshots, where their tails are long.

        Asks nothing where no tail is: a load of short streams costs what it cost without.
        """
        wanted: dict[UUID, bytes] = {}
        for id, aggregate in stale.items():
            codec = self._codecs.get(aggregate.kind)
            missing = heads[id].version - folded[id].version
            if codec is not None and missing >= self._tail_events_min:
                wanted[id] = codec.fingerprint
        if not wanted:
            return
        for stored in await transaction.snapshots(wanted):
            id, kind = stored.stream_id, stale[stored.stream_id].kind
            try:
                found = self._codecs[kind].decode(stored.data)
            except Exception as problem:  # It is folded instead.
                _log.warning("snapshot unreadable", kind=kind, problem=type(problem).__name__)
                continue
            if folded[id].version < found.version == stored.version <= heads[id].version:
                folded[id] = found

    def loaded(self, id: UUID, known: Known, tail_events: int, last_event_id: UUID | None) -> None:
        """Takes a snapshot of a stream whose load had to fold a long tail."""
        if tail_events >= self._tail_events_min and last_event_id is not None:
            self._want(id, _Wanted(known, last_event_id))

    def written(self, events: Sequence[NewEvent], known: Mapping[UUID, Known]) -> None:
        """Takes a snapshot of each stream that has come past so many versions again."""
        every = self._tail_events_min
        passed = {event.stream_id for event in events if event.version % every == 0}
        if passed:
            last = {event.stream_id: event.id for event in events if event.stream_id in passed}
            for id, event_id in last.items():
                self._want(id, _Wanted(known[id], event_id))

    async def close(self) -> None:
        """Writes what waits, or lets go of it."""
        self._closing.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=CLOSE_S_MAX)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _want(self, id: UUID, wanted: _Wanted) -> None:
        if wanted.known.head.kind not in self._codecs:
            return
        if len(self._waiting) >= SNAPSHOTS_WAITING_MAX and id not in self._waiting:
            return
        self._waiting[id] = wanted
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all(), name="snapshots")

    async def _write_all(self) -> None:
        while self._waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    await self._closing.wait()
            round, self._waiting = self._waiting, {}
            for id, wanted in round.items():
                head = wanted.known.head
                try:
                    await self._write(id, wanted)
                except Exception as problem:  # Nobody waits for it, and the next one is as good.
                    _log.warning("snapshot let go", kind=head.kind, problem=type(problem).__name__)
                    break

    async def _write(self, id: UUID, wanted: _Wanted) -> None:
        head, folded = wanted.known
        codec = self._codecs[head.kind]
        data = codec.encode(folded)
        if len(data) <= SNAPSHOT_BYTES_MAX:
            await self._store.keep_snapshot(
                NewSnapshot(
                    stream_id=id,
                    tenant_id=head.tenant_id,
                    version=folded.version,
                    event_id=wanted.event_id,
                    fingerprint=codec.fingerprint,
                    data=data,
                )
            )
