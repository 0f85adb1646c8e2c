"""What credit hears from the ledger: only the fields it uses, whatever else is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    account_id: UUID
    legal_entity: str
    number: str
    time_zone: str
    currency: str
    opened_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Installment:
    open_item_id: UUID
    due_on: date | None
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceIssued:
    account_id: UUID
    total: Money
    issued_on: date
    installments: tuple[Installment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCanceled:
    account_id: UUID
    installments: tuple[Installment, ...]  # Open in full before.


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePaymentApplied:
    account_id: UUID
    open_item_id: UUID
    allocation_id: UUID
    amount: Money
    value_on: date
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePaymentUnapplied:
    account_id: UUID
    allocation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived:
    account_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReversed:
    account_id: UUID
    amount: Money


SUBSCRIBES_TO: Final[Mapping[str, type]] = {
    "ledger.account.opened.v1": AccountOpened,
    "ledger.invoice.issued.v1": InvoiceIssued,
    "ledger.invoice.canceled.v1": InvoiceCanceled,
    "ledger.invoice.payment_applied.v1": InvoicePaymentApplied,
    "ledger.invoice.payment_unapplied.v1": InvoicePaymentUnapplied,
    "ledger.payment.received.v1": PaymentReceived,
    "ledger.payment.reversed.v1": PaymentReversed,
}
