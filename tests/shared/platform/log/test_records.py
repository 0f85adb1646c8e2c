"""How large a record is, as all logs count it."""

from __future__ import annotations

from shared.platform.log.port import LogRecord, NewRecord
from shared.platform.log.records import size_of


def test_the_size_of_a_record_is_that_of_key_value_and_each_header() -> None:
    headers = {"ce_id": b"1", "ce_type": b""}
    assert size_of(NewRecord(b"key", b"value", headers)) == 3 + 5 + (5 + 1) + (7 + 0)
    assert size_of(LogRecord(4, b"", b"v", {})) == 1
