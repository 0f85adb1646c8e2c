"""What a payment is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from services.ledger.cash.domain.payment.events import Allocation, Carried, Method, Reason
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was received; every event repeats some of it."""

    account_id: UUID
    account_number: str
    number: str
    amount: Money
    value_on: date
    method: Method
    reference: str | None
    open_item_id: UUID
    time_zone: str

    @property
    def carried(self) -> Carried:
        """What every event of the payment repeats."""
        return Carried(
            account_id=self.account_id,
            account_number=self.account_number,
            number=self.number,
            value_on=self.value_on,
        )


class Given(NamedTuple):
    """What was given to an installment, and when."""

    allocation: Allocation
    allocated_on: date


@dataclass(frozen=True, slots=True)
class NotReceived:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    facts: Facts
    unallocated: Money
    given: tuple[Given, ...]
    moved_on: date  # Value date, or day of the latest allocation.

    @property
    def allocations(self) -> tuple[Allocation, ...]:
        return tuple(each.allocation for each in self.given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversed:
    facts: Facts
    reason: Reason
    reversed_on: date


State = NotReceived | Received | Reversed

NOT_RECEIVED: Final[State] = NotReceived()
