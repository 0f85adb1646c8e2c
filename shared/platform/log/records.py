"""What every log refuses before it appends anything."""

from __future__ import annotations

from collections.abc import Sequence

from shared.platform.log.port import RECORD_BYTES_MAX, NewRecord, RecordTooLarge


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


def size_of(record: NewRecord) -> int:
    """Bytes of key, value and headers."""
    headers = sum(len(name.encode()) + len(value) for name, value in record.headers)
    return len(record.key) + len(record.value) + headers
