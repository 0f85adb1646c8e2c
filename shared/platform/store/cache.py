"""Caches folded states that were committed. They may be stale, never wrong for their version."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple
from uuid import UUID

from shared.kernel.decider import Folded
from shared.platform.store.port import Head

STREAMS_CACHED_MAX: Final = 50_000  # states kept in memory; the oldest are loaded again


class Known(NamedTuple):
    """A stream as it was at one version: its row and its state."""

    head: Head
    folded: Folded


class Cache:
    """Forgets the least recently used first."""

    def __init__(self, streams_max: int = STREAMS_CACHED_MAX) -> None:
        self._streams_max = streams_max
        self._known: OrderedDict[UUID, Known] = OrderedDict()

    def get(self, stream_id: UUID) -> Known | None:
        known = self._known.get(stream_id)
        if known is not None:
            self._known.move_to_end(stream_id)
        return known

    def put(self, stream_id: UUID, known: Known) -> None:
        self._known[stream_id] = known
        self._known.move_to_end(stream_id)
        if len(self._known) > self._streams_max:
            self._known.popitem(last=False)

    def clear(self) -> None:
        self._known.clear()
