"""Does what all logs do alike: refuse records, and take partitions in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.platform.log.port import (
    RECORD_BYTES_MAX,
    LogRecord,
    NewRecord,
    RecordTooLarge,
    TopicPartition,
)


class EmptyValue(ValueError):
    """An empty value is a tombstone to others; nothing of the batch was appended."""


def check(records: Sequence[NewRecord]) -> None:
    """Raises RecordTooLarge, EmptyValue."""
    for record in records:
        if not record.value:
            raise EmptyValue
        size = size_of(record)
        if size > RECORD_BYTES_MAX:
            raise RecordTooLarge(f"{size} bytes")


def size_of(record: NewRecord | LogRecord) -> int:
    """Bytes of key, value and headers."""
    headers = record.headers
    in_headers = sum(map(len, headers)) + sum(map(len, headers.values()))  # Names are ASCII.
    return len(record.key) + len(record.value) + in_headers


class InTurn:
    """Puts another partition first each time, so that a long one does not starve the rest."""

    def __init__(self) -> None:
        self._nth = 0

    def of(self, positions: Mapping[TopicPartition, int]) -> Sequence[tuple[TopicPartition, int]]:
        items = list(positions.items())
        self._nth = (self._nth + 1) % max(1, len(items))
        return items[self._nth :] + items[: self._nth]
