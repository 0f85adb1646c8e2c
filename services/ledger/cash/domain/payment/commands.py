"""What one can wish of a payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.ledger.cash.domain.payment.events import Method, Reason
from shared.kernel.decider import Book
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivePayment:
    book: Book
    account_id: UUID
    number: str
    amount: Money
    value_on: date
    method: Method
    has_payer: bool  # Somebody is named in the party table.
    reference: str | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Money that had come in for an invoice when the invoice was entered."""

    payment_number: str
    amount: Money
    value_on: date  # Before the invoice date where it was prepaid.
    method: Method
    reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What the payer, or a clerk, wants given to one invoice."""

    invoice_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocatePayment:
    payment_id: UUID
    shares: tuple[Share, ...]
    effective_on: date | None  # None: the entity's day of now.
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocateOldestFirst:
    """As far as the money reaches, in the order given; what is closed meanwhile is skipped."""

    payment_id: UUID
    candidates: tuple[UUID, ...]  # Invoices, oldest first.
    effective_on: date | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversePayment:
    payment_id: UUID
    reason: Reason
    invoices: tuple[UUID, ...]  # Those it is allocated to, as far as the caller knows.
    effective_on: date | None
    now: datetime


Command = ReceivePayment | AllocatePayment | AllocateOldestFirst | ReversePayment
