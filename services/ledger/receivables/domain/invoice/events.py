"""What happens to an invoice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the due date was found; kept beside it and never applied again."""

    anchor: Literal["invoice"]
    add_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceIssued:
    account_id: UUID
    account_number: str
    number: str
    installment: int
    open_item_id: UUID
    total: Money
    issued_on: date
    due_on: date | None
    terms: Terms | None
    time_zone: str
    recorded_on: date  # The entity's day on which we learned it.


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCanceled:
    account_id: UUID
    account_number: str
    number: str
    installment: int
    open_item_id: UUID
    open_amount: Money  # Before.
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePaymentApplied:
    account_id: UUID
    account_number: str
    number: str
    installment: int
    open_item_id: UUID
    payment_id: UUID
    payment_number: str
    allocation_id: UUID
    amount: Money
    open_amount: Money  # After.
    value_on: date  # Of the payment.
    due_on: date | None
    issued_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePaymentUnapplied:
    account_id: UUID
    account_number: str
    number: str
    installment: int
    open_item_id: UUID
    payment_id: UUID
    payment_number: str
    allocation_id: UUID
    amount: Money
    open_amount: Money  # After.
    value_on: date
    due_on: date | None
    issued_on: date
    unapplied_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceSettled:
    account_id: UUID
    account_number: str
    number: str
    installment: int
    open_item_id: UUID
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceReopened:
    account_id: UUID
    account_number: str
    number: str
    installment: int
    open_item_id: UUID
    due_on: date | None
    open_amount: Money
    reopened_on: date
    recorded_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDueDateApproached:
    account_id: UUID
    account_number: str
    number: str
    installment: int
    open_item_id: UUID
    due_on: date
    threshold_days: int  # Negative: so many days ahead.
    open_amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceBecameOverdue:
    account_id: UUID
    account_number: str
    number: str
    installment: int
    open_item_id: UUID
    due_on: date
    threshold_days: int
    open_amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDaysPastDueReached:
    account_id: UUID
    account_number: str
    number: str
    installment: int
    open_item_id: UUID
    due_on: date
    threshold_days: int
    open_amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceOverdueCured:
    account_id: UUID
    account_number: str
    number: str
    installment: int
    open_item_id: UUID
    due_on: date
    thresholds_reached: tuple[int, ...]  # The positive ones, ascending.
    open_amount: Money  # After.


Event = (
    InvoiceIssued
    | InvoiceCanceled
    | InvoicePaymentApplied
    | InvoicePaymentUnapplied
    | InvoiceSettled
    | InvoiceReopened
    | InvoiceDueDateApproached
    | InvoiceBecameOverdue
    | InvoiceDaysPastDueReached
    | InvoiceOverdueCured
)
