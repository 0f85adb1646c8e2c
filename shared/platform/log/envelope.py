"""Writes and reads the envelope as record headers: CloudEvents 1.0, binary mode. No payload.

`ce_time` is when the thing happened for the business: of a fact about a business day the first
instant of that day in the legal entity's zone, of a contact its own instant. Where no zone is known
it is `ce_recordedtime`. It is found when the event is written and kept as the header `time`, like
`subject`, so that neither the relay nor a restore has to know how; events without these two were
written before they were kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

# The driver's kind of UUID is one of the standard's, made in C: read from text in a tenth of the
# time, compared and hashed in a third of it, and every record carries six.
from asyncpg.pgproto.pgproto import UUID as FastUUID

from shared.kernel.envelope import Recorded
from shared.platform.log.port import LogRecord, NewRecord, TopicPartition

CONTENT_TYPE: Final = b"application/json"
SCHEMAS: Final = "https://duebook.example/schemas/"
CACHED_MAX: Final = 8_192  # values of one kind; a batch has few instants, days, accounts, tenants

# Stored headers that pass as they are, in this order; `traceparent` has no prefix.
PASSED: Final = (
    "correlationid",
    "causationid",
    "entityid",
    "actor",
    "causationpos",
    "commandid",
    "commandhash",
    "txid",
    "txindex",
    "txcount",
)
_PASSED: Final = tuple((name, f"ce_{name}") for name in PASSED)


class BadEnvelope(Exception):
    """A record without the headers every event has, or with values that cannot be."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the store keeps it."""

    id: UUID
    type: str
    stream_id: UUID
    version: int
    tenant_id: UUID
    account_id: UUID
    effective_on: date
    recorded_at: datetime
    data: bytes
    headers: Mapping[str, str]


def record_of(event: StoredEvent, service: str) -> NewRecord:
    """The record everybody sees; its key is the account."""
    recorded = instant_text(event.recorded_at)
    account, stream = str(event.account_id).encode(), str(event.stream_id).encode()
    stored = event.headers
    headers = {
        "content-type": CONTENT_TYPE,
        "ce_specversion": b"1.0",
        "ce_id": str(event.id).encode(),
        "ce_type": event.type.encode(),
        "ce_source": f"urn:duebook:{service}".encode(),
        "ce_subject": stored["subject"].encode() if "subject" in stored else stream,
        "ce_time": stored.get("time", recorded).encode(),
        "ce_recordedtime": recorded.encode(),
        "ce_streamid": stream,
        "ce_sequence": str(event.version).encode(),
        "ce_tenantid": str(event.tenant_id).encode(),
        "ce_partitionkey": account,
        "ce_effectiveon": event.effective_on.isoformat().encode(),
    }
    for name, key in _PASSED:
        if name in stored:
            headers[key] = stored[name].encode()
    headers["ce_dataschema"] = f"{SCHEMAS}{event.type}.json".encode()
    if "traceparent" in stored:
        headers["traceparent"] = stored["traceparent"].encode()
    return NewRecord(account, event.data, headers)


def type_of(record: LogRecord) -> str:
    """The type of a record's event. Raises BadEnvelope."""
    try:
        return _text(record.headers["ce_type"])
    except KeyError:
        raise BadEnvelope("no header ce_type") from None


def envelope_of(at: TopicPartition, record: LogRecord, event: Any = None) -> Recorded[Any]:
    """What a record says around its event, which may be left unread.

    Raises BadEnvelope, which names the header and not its value.
    """
    found = record.headers
    try:
        return Recorded(
            event,
            type_of(record),
            _id(found["ce_id"]),
            _id(found["ce_streamid"]),
            int(found["ce_sequence"]),
            _id(found["ce_tenantid"]),
            _id(found["ce_partitionkey"]),
            _text(found.get("ce_entityid", b"")),
            _day(found["ce_effectiveon"]),
            _instant(found["ce_recordedtime"]),
            _text(found.get("ce_actor", b"system")),
            _optional_id(found.get("ce_correlationid")),
            _optional_id(found.get("ce_causationid")),
            _instant(found["ce_time"]),
            *at,
            record.offset,
        )
    except KeyError as missing:
        raise BadEnvelope(f"no header {missing.args[0]}") from None
    except ValueError as problem:
        raise BadEnvelope(type(problem).__name__) from None


def _optional_id(value: bytes | None) -> UUID | None:
    return _id(value) if value else None


@lru_cache(maxsize=CACHED_MAX)
def _id(value: bytes) -> UUID:
    return FastUUID(value.decode())


@lru_cache(maxsize=CACHED_MAX)
def _text(value: bytes) -> str:
    return value.decode()


@lru_cache(maxsize=CACHED_MAX)
def _day(value: bytes) -> date:
    return date.fromisoformat(value.decode())


@lru_cache(maxsize=CACHED_MAX)
def _instant(value: bytes) -> datetime:
    return datetime.fromisoformat(value.decode())


@lru_cache(maxsize=CACHED_MAX)
def instant_text(instant: datetime) -> str:
    """RFC 3339, UTC, as many digits as the instant has."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
