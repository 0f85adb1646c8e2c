"""What has happened to a contact. Stored for ever: add fields, never change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRecorded:
    account_id: UUID
    account_number: str
    number: str
    channel: str
    contacted_at: datetime
    open_item_ids: tuple[UUID, ...]
    outcome: str
    reason: str | None
    next_step: str | None
    next_step_on: date | None
    note_id: UUID | None


Event = ContactRecorded
