"""Loads what a batch decides on: keys, and the states of its streams as of their locked versions.

A stream whose history does not fit is broken for whoever names it, and for nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from shared.kernel.decider import Aggregate, AnyStream, CorruptHistory, Folded
from shared.platform.codec import Codec
from shared.platform.store.batch import Loaded
from shared.platform.store.cache import Cache, Known
from shared.platform.store.folding import after_event, before_first_event
from shared.platform.store.port import Head, TailEvent, Transaction
from shared.platform.store.snapshots import Snapshots
from shared.platform.store.waiting import Pending

FOLDED_AT_ONCE: Final = 250  # events before others' tasks are looked at

AnyAggregate = Aggregate[object, object]


class Loader:
    """Takes states from the cache, from snapshots and from the events after them, in this order."""

    def __init__(self, codec: Codec, cache: Cache, snapshots: Snapshots) -> None:
        self._codec = codec
        self._cache = cache
        self._snapshots = snapshots

    async def load(
        self,
        transaction: Transaction,
        pending: Sequence[Pending],
        streams: Mapping[UUID, Sequence[AnyStream]],
        heads: Mapping[UUID, Head],
    ) -> Loaded:
        """Loads keys after the locks, and states that the cache has not at the locked version."""
        keys = {(c.tenant_id, c.key) for _, c, _ in pending if c.key is not None}
        stored = await transaction.stored_keys(keys) if keys else {}
        folded: dict[UUID, Folded] = {}
        stale: dict[UUID, AnyAggregate] = {}
        for id, head in heads.items():
            known = self._cache.get(id)
            cached = None if known is None else known.folded
            if cached is not None and cached.version == head.version:
                folded[id] = cached
                continue
            aggregate = _aggregate_of(streams[id], head.kind)
            if aggregate is not None:
                stale[id] = aggregate
                if cached is None or cached.version > head.version:
                    cached = before_first_event(aggregate)
                folded[id] = cached
        broken = await self._refresh(transaction, stale, heads, folded) if stale else {}
        return Loaded(heads, folded, broken, stored)

    async def _refresh(
        self,
        transaction: Transaction,
        stale: Mapping[UUID, AnyAggregate],
        heads: Mapping[UUID, Head],
        folded: dict[UUID, Folded],
    ) -> dict[UUID, Exception]:
        """Bring stale states up to date; returns the streams whose history does not fit."""
        broken: dict[UUID, Exception] = {}
        last_event_ids: dict[UUID, UUID] = {}
        await self._snapshots.read(transaction, stale, heads, folded)
        after = {id: folded[id].version for id in stale}
        for number, tail in enumerate(await transaction.tails(after), 1):
            if number % FOLDED_AT_ONCE == 0:  # A stream without a snapshot can take seconds.
                await asyncio.sleep(0)
            id = tail.stream_id
            if id in broken:
                continue
            try:
                folded[id] = self._after_tail(folded[id], stale[id], tail)
            except Exception as problem:  # One corrupt stream must not stop the others.
                broken[id] = problem
            last_event_ids[id] = tail.event_id
        for id, since in after.items():
            if id not in broken and folded[id].version != heads[id].version:
                broken[id] = CorruptHistory("events are missing from the stream")
            if id not in broken:
                known = Known(heads[id], folded[id])
                self._cache.put(id, known)
                self._snapshots.loaded(
                    id, known, folded[id].version - since, last_event_ids.get(id)
                )
        return broken

    def _after_tail(self, folded: Folded, aggregate: AnyAggregate, tail: TailEvent) -> Folded:
        if tail.version != folded.version + 1:
            raise CorruptHistory("a version is missing")
        event = self._codec.decode(tail.type, tail.data)
        if event is None:
            raise CorruptHistory(f"nobody knows the type {tail.type}")
        return after_event(
            folded,
            aggregate,
            event,
            account_id=tail.account_id,
            legal_entity=tail.legal_entity,
            recorded_at=tail.recorded_at,
        )


def _aggregate_of(streams: Sequence[AnyStream], kind: str) -> AnyAggregate | None:
    """That of the stored kind; None when nobody names the stream by its right kind."""
    return next((one.aggregate for one in streams if one.aggregate.kind == kind), None)
