"""What one can ask of an invoice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.ledger.receivables.domain.terms import Terms
from shared.kernel.decider import Book
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueInvoice:
    book: Book
    account_id: UUID
    number: str
    total: Money
    issued_on: date
    due: Terms | date | None  # None: it never becomes due.
    thresholds: tuple[int, ...]  # Days past due it will reach.
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelInvoice:
    invoice_id: UUID
    effective_on: date | None  # None: the entity's day of now.
    now: datetime


Command = IssueInvoice | CancelInvoice
