"""What one can wish of a legal entity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.kernel.decider import Book
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterLegalEntity:
    book: Book  # Its own code is the book's.
    name: str
    time_zone: str  # IANA name; says when its days begin.
    currency: str
    take_over_on: date | None  # What happened before it is history; None: all of it is acted on.
    notice_minimum: Money | None  # Nobody is reminded of so little or less; None: 1.00.
    address: str | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTakeOverDate:
    legal_entity_id: UUID
    take_over_on: date
    now: datetime


Command = RegisterLegalEntity | ChangeTakeOverDate
