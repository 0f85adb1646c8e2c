"""A purse's events as the log gives them back."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from shared.platform.log.envelope import StoredEvent, record_of
from shared.platform.log.port import LogRecord
from tests.support import purse


def record(stream: int, version: int, offset: int, name: str = "test.purse.filled.v1") -> LogRecord:
    event = StoredEvent(
        id=UUID(int=1000 * stream + version),
        type=name,
        stream_id=UUID(int=stream),
        version=version,
        tenant_id=purse.TENANT,
        account_id=purse.ACCOUNT,
        effective_on=date(2026, 3, 2),
        recorded_at=purse.NOW,
        data=b'{"coins": %d}' % version,
        headers={},
    )
    return LogRecord(offset, *record_of(event, "test"))
