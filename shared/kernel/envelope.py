"""What surrounds an event: where it stands, when it happened, when we learned it.

Knows nothing of what the event says.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

E_co = TypeVar("E_co", covariant=True)


class Recorded(NamedTuple, Generic[E_co]):
    """One event as it is read from the log or the store."""

    event: E_co
    type: str  # "<service>.<aggregate>.<event>.v1"
    id: UUID
    stream_id: UUID
    version: int  # Dense in its stream, from 1.
    tenant_id: UUID
    account_id: UUID  # The partition key.
    legal_entity: str
    effective_on: date  # Business date.
    recorded_at: datetime  # When we learned it; domain clock, UTC.
    actor: str = "system"
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    happened_at: datetime | None = None  # For the business; None when read from the store.
    topic: str = ""  # "" when read from the store.
    partition: int = -1
    offset: int = -1

    @property
    def position(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"
