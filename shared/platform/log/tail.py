"""Remembers the end of the log: how far each partition goes, and its last records.

Readers at the end are served from here without asking the database. Bounded by bytes and records.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from shared.platform.log.port import LogRecord, NewRecord, TopicPartition
from shared.platform.log.records import size_of

RECORDS_MAX: Final = 500  # per partition
BYTES_MAX: Final = 1_000_000  # per partition; 48 partitions of four topics


class _Held:
    def __init__(self) -> None:
        self.records: deque[LogRecord] = deque()
        self.bytes = 0


class Tail:
    """Remembers committed records only."""

    def __init__(self) -> None:
        self._ends: dict[TopicPartition, int] = {}
        self._held: dict[TopicPartition, _Held] = {}

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
        held = self._held.setdefault(at, _Held())
        if held.records and held.records[-1].offset + 1 != base:
            held.records.clear()  # Another process appended in between, or two answers crossed.
            held.bytes = 0
        for n, record in enumerate(records):
            held.records.append(LogRecord(base + n, *record))
            held.bytes += size_of(record)
        while len(held.records) > RECORDS_MAX or held.bytes > BYTES_MAX:
            held.bytes -= size_of(NewRecord(*held.records.popleft()[1:]))
        self.moved(at, base + len(records))

    def read(self, at: TopicPartition, position: int, records_max: int) -> Sequence[LogRecord]:
        """Gives records from `position` on, or nothing when that is not here."""
        held = self._held.get(at)
        if held is None or not held.records:
            return ()
        first = held.records[0].offset
        if not first <= position < first + len(held.records):
            return ()
        start = position - first
        stop = min(start + records_max, len(held.records))
        return [held.records[n] for n in range(start, stop)]
