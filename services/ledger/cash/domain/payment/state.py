"""What a payment is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from services.ledger.cash.domain.payment.events import Allocation, Carried
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was received; every event repeats some of it."""

    account_id: UUID
    account_number: str
    number: str
    amount: Money
    value_on: date
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


@dataclass(frozen=True, slots=True)
class NotReceived:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    facts: Facts
    unallocated: Money
    allocations: tuple[Allocation, ...]
    moved_on: date  # Value date, or day of the latest allocation.


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversed:
    facts: Facts


State = NotReceived | Received | Reversed

NOT_RECEIVED: Final[State] = NotReceived()
