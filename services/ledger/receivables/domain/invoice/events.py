"""What happens to an invoice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypedDict
from uuid import UUID

from services.ledger.receivables.domain.terms import DiscountWindow, Terms
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Installment:
    """A part of the total with a due date of its own: an open item."""

    installment: int  # From 1.
    open_item_id: UUID
    due_on: date | None  # None: it never becomes due.
    amount: Money
    discounts: tuple[DiscountWindow, ...]  # The highest first.


class Carried(TypedDict):
    """The facts of OfInvoice, as one expression."""

    account_id: UUID
    account_number: str
    number: str


class CarriedOfInstallment(TypedDict):
    """The facts of OfInstallment that never change, as one expression."""

    installment: int
    open_item_id: UUID
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfInvoice:
    """What every event of an invoice carries."""

    account_id: UUID
    account_number: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfInstallment(OfInvoice):
    """What every event about one installment carries."""

    installment: int
    open_item_id: UUID
    due_on: date | None
    open_amount: Money  # Of the installment, after.


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceIssued(OfInvoice):
    total: Money
    issued_on: date
    installments: tuple[Installment, ...]  # Their amounts sum to the total.
    terms: Terms | None  # How the due dates were found; they are never found again.
    thresholds: tuple[int, ...]  # Days past due it reaches, each told once.
    time_zone: str
    recorded_on: date  # The entity's day on which we learned it.


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCanceled(OfInvoice):
    canceled_on: date
    installments: tuple[Installment, ...]  # All of them, open in full.


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePaymentApplied(OfInstallment):
    payment_id: UUID
    payment_number: str
    allocation_id: UUID
    amount: Money
    value_on: date  # Of the payment.
    issued_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePaymentUnapplied(OfInstallment):
    payment_id: UUID
    payment_number: str
    allocation_id: UUID
    amount: Money
    value_on: date
    issued_on: date
    unapplied_on: date
    recorded_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceSettled(OfInvoice):
    """No installment has anything open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceReopened(OfInvoice):
    """It was settled and is open again."""

    open_amount: Money  # Of the invoice.
    reopened_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCrossing(OfInstallment):
    """What every event carries by which an installment reaches a threshold."""

    threshold_days: int  # Days past due that are reached; negative: so many days ahead.
    latest_threshold_days: int  # The highest one that is reached when this is recorded.
    reopened_on: date | None  # It had been paid, and this is the first since it was opened again.


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDueDateApproached(OfCrossing):
    """Its due date is ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceBecameOverdue(OfCrossing):
    """The first positive threshold since it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDaysPastDueReached(OfCrossing):
    """A positive threshold after the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceOverdueCured(OfInstallment):
    thresholds_reached: tuple[int, ...]  # The positive ones, ascending.


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
