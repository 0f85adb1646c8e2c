"""What happens to a payment. Who paid is in the party table, never here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypedDict
from uuid import UUID

from shared.kernel.money import Money

Method = Literal[
    "transfer", "cash", "card", "mobile_payment", "check", "acceptance_bill", "set_off"
]
Reason = Literal["bounced", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """A part of the payment given to an installment."""

    id: UUID
    invoice_id: UUID
    invoice_number: str
    installment: int
    open_item_id: UUID
    amount: Money
    due_on: date | None


class Carried(TypedDict):
    """The facts of OfPayment, as one expression."""

    account_id: UUID
    account_number: str
    number: str
    value_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPayment:
    """What every event of a payment carries."""

    account_id: UUID
    account_number: str
    number: str
    value_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived(OfPayment):
    amount: Money
    method: Method
    payer_id: UUID | None
    reference: str | None
    open_item_id: UUID  # Its unallocated rest.
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAllocated(OfPayment):
    allocations: tuple[Allocation, ...]  # New ones.
    unallocated_amount: Money  # After.
    allocated_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReversed(OfPayment):
    amount: Money
    reason: Reason
    allocations: tuple[Allocation, ...]  # Taken back.
    unallocated_before: Money
    reversed_on: date


Event = PaymentReceived | PaymentAllocated | PaymentReversed
