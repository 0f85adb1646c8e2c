"""What dunning hears from ledger and credit: only the fields it uses, open to all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalEntityRegistered:
    code: str
    notice_minimum: Money
    take_over_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverDateChanged:
    code: str
    take_over_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    account_id: UUID
    number: str
    time_zone: str
    currency: str
    collector_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetailsChanged:
    account_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCollectorChanged:
    account_id: UUID
    collector_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Installment:
    installment: int
    open_item_id: UUID
    amount: Money
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceIssued:
    account_id: UUID
    number: str
    installments: tuple[Installment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCanceled:
    installments: tuple[Installment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePaymentApplied:
    open_item_id: UUID
    open_amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePaymentUnapplied:
    open_item_id: UUID
    open_amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDueDateApproached:
    account_id: UUID
    account_number: str
    number: str
    installment: int
    open_item_id: UUID
    due_on: date
    threshold_days: int
    latest_threshold_days: int
    reopened_on: date | None
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
    latest_threshold_days: int
    reopened_on: date | None
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
    latest_threshold_days: int
    reopened_on: date | None
    open_amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceOverdueCured:
    account_id: UUID
    open_item_id: UUID
    open_amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    id: UUID
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived:
    account_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAllocated:
    account_id: UUID
    value_on: date
    unallocated_amount: Money  # Of the payment, after.
    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReversed:
    account_id: UUID
    value_on: date
    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFileGradeChanged:
    account_id: UUID
    to_grade: str


Crossing = InvoiceDueDateApproached | InvoiceBecameOverdue | InvoiceDaysPastDueReached

SUBSCRIBES_TO: Final[Mapping[str, type]] = {
    "ledger.legal_entity.registered.v1": LegalEntityRegistered,
    "ledger.legal_entity.take_over_date_changed.v1": TakeOverDateChanged,
    "ledger.account.opened.v1": AccountOpened,
    "ledger.account.details_changed.v1": AccountDetailsChanged,
    "ledger.account.collector_changed.v1": AccountCollectorChanged,
    "ledger.invoice.issued.v1": InvoiceIssued,
    "ledger.invoice.canceled.v1": InvoiceCanceled,
    "ledger.invoice.payment_applied.v1": InvoicePaymentApplied,
    "ledger.invoice.payment_unapplied.v1": InvoicePaymentUnapplied,
    "ledger.invoice.due_date_approached.v1": InvoiceDueDateApproached,
    "ledger.invoice.became_overdue.v1": InvoiceBecameOverdue,
    "ledger.invoice.days_past_due_reached.v1": InvoiceDaysPastDueReached,
    "ledger.invoice.overdue_cured.v1": InvoiceOverdueCured,
    "ledger.payment.received.v1": PaymentReceived,
    "ledger.payment.allocated.v1": PaymentAllocated,
    "ledger.payment.reversed.v1": PaymentReversed,
    "credit.credit_file.grade_changed.v1": CreditFileGradeChanged,
}
