"""Packs the port's records as a Kafka client has them. Refuses nothing: sizes were checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shared.platform.log.port import LogRecord, NewRecord


def packed(producer: Any, records: Sequence[NewRecord]) -> Iterator[Any]:
    """Packs what fits; the first record always does.

    Without a timestamp it gets the wall clock's.
    """
    batch = producer.create_batch()
    for record in records:
        headers = list(record.headers.items())
        content = {"key": record.key, "value": record.value, "headers": headers}
        if batch.append(timestamp=None, **content) is None:
            yield batch
            batch = producer.create_batch()
            batch.append(timestamp=None, **content)
    yield batch


def unpacked(rows: Sequence[Any]) -> Sequence[LogRecord]:
    return [
        LogRecord(row.offset, row.key or b"", row.value or b"", dict(row.headers)) for row in rows
    ]
