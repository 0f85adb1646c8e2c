"""Caches folded states that were committed. They may be stale, never wrong for their version."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final
from uuid import UUID

from shared.kernel.decider import Folded

STREAMS_CACHED_MAX: Final = 50_000  # states kept in memory; the oldest are loaded again


class Cache:
    """Forgets the least recently used first."""

    def __init__(self, streams_max: int = STREAMS_CACHED_MAX) -> None:
        self._streams_max = streams_max
        self._folded: OrderedDict[UUID, Folded] = OrderedDict()

    def get(self, stream_id: UUID) -> Folded | None:
        folded = self._folded.get(stream_id)
        if folded is not None:
            self._folded.move_to_end(stream_id)
        return folded

    def put(self, stream_id: UUID, folded: Folded) -> None:
        self._folded[stream_id] = folded
        self._folded.move_to_end(stream_id)
        if len(self._folded) > self._streams_max:
            self._folded.popitem(last=False)

    def clear(self) -> None:
        self._folded.clear()
