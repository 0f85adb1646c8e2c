"""Makes a wallet's events as the log gives them back."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from shared.platform.log.envelope import StoredEvent, record_of
from shared.platform.log.port import EventLog, LogRecord, TopicPartition
from tests.support.toy import wallet

WAIT_S_MAX: Final = 30.0


def record(stream: int, version: int, offset: int, name: str = "toy.wallet.filled.v1") -> LogRecord:
    event = StoredEvent(
        id=UUID(int=1000 * stream + version),
        type=name,
        stream_id=UUID(int=stream),
        version=version,
        tenant_id=wallet.TENANT,
        account_id=wallet.ACCOUNT,
        effective_on=date(2026, 3, 2),
        recorded_at=wallet.NOW,
        data=b'{"coins": %d}' % version,
        headers={},
    )
    return LogRecord(offset, *record_of(event, "test"))


async def all_records(log: EventLog, topic: str) -> list[tuple[TopicPartition, LogRecord]]:
    reader = log.reader("check")
    found: list[tuple[TopicPartition, LogRecord]] = []
    for partition, end in enumerate(await log.end_offsets(topic)):
        at, position = TopicPartition(topic, partition), 0
        while position < end:
            records = (await reader.fetch({at: position}, 1000, WAIT_S_MAX))[at]
            found += [(at, record) for record in records]
            position += len(records)
    await reader.close()
    return found
