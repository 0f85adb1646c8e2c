"""The commands given to a contact: an attempt to reach somebody, recorded afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.kernel.decider import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContact:
    book: Book
    number: str
    account_id: UUID
    account_number: str
    channel: str
    contacted_at: datetime
    open_item_ids: Sequence[UUID]
    known_open_item_ids: frozenset[UUID]  # Which of them are the account's.
    outcome: str
    reason: str | None
    next_step: str | None
    next_step_on: date | None
    has_note: bool  # Free text or a contact person, kept outside the event.
    effective_on: date  # The account's day of contacted_at.
    now: datetime


Command = RecordContact
