"""Remembers the end of the log, its last records and those read last. Bounded by bytes.

Readers near the end, and those that follow another one, are served without asking the database.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from shared.platform.log.port import LogRecord, NewRecord, TopicPartition
from shared.platform.log.records import size_of

BYTES_MAX: Final = 32_000_000  # of all partitions, as records are counted: the oldest go first


class Stretches:
    """Remembers one unbroken stretch of committed records of each partition."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._held: dict[TopicPartition, list[LogRecord]] = {}
        self._order: deque[tuple[TopicPartition, int, int]] = deque()  # Last offset, bytes of each.

    def add(self, at: TopicPartition, records: Sequence[LogRecord]) -> None:
        """Goes on with the partition's stretch, or begins a new one."""
        if not records:
            return
        held = self._held.setdefault(at, [])
        if held and held[-1].offset + 1 != records[0].offset:
            held.clear()
        held += records
        size = sum(map(size_of, records))
        self._order.append((at, records[-1].offset, size))
        self._bytes += size
        while self._bytes > self._bytes_max:
            self._forget_oldest()

    def read(self, at: TopicPartition, position: int, records_max: int) -> Sequence[LogRecord]:
        """Gives records from `position` on, or nothing when that is not here."""
        held = self._held.get(at)
        if not held:
            return ()
        start = position - held[0].offset
        if not 0 <= start < len(held):
            return ()
        return held[start : start + records_max]

    def _forget_oldest(self) -> None:
        """Forgets what was added together, as far as it is still here."""
        at, last, size = self._order.popleft()
        self._bytes -= size
        held = self._held[at]
        if held:
            del held[: max(0, last + 1 - held[0].offset)]


class Tail:
    """Remembers how far each partition goes, and its last records."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._ends: dict[TopicPartition, int] = {}
        self._last = Stretches(bytes_max)

    def end(self, at: TopicPartition) -> int | None:
        """The next offset as far as known; None for a partition that is not known."""
        return self._ends.get(at)

    def moved(self, at: TopicPartition, end: int) -> bool:
        """Notes that somebody appended, and says whether that is news."""
        known = self._ends.get(at)
        if known is not None and end <= known:
            return False
        self._ends[at] = end
        return True

    def appended(self, at: TopicPartition, base: int, records: Sequence[NewRecord]) -> None:
        """Notes what this process appended."""
        self._last.add(at, [LogRecord(base + n, *record) for n, record in enumerate(records)])
        self.moved(at, base + len(records))

    def read(self, at: TopicPartition, position: int, records_max: int) -> Sequence[LogRecord]:
        """Gives records from `position` on, or nothing when that is not here."""
        return self._last.read(at, position, records_max)
