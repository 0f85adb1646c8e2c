"""What an invoice is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from services.ledger.receivables.domain.invoice.events import (
    Carried,
    CarriedOfInstallment,
    Installment,
)
from services.ledger.receivables.domain.terms import Terms
from shared.kernel.money import Money, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was agreed when it was issued."""

    account_id: UUID
    account_number: str
    number: str
    total: Money
    issued_on: date
    time_zone: str
    terms: Terms | None
    thresholds: tuple[int, ...]

    @property
    def carried(self) -> Carried:
        """What every event of the invoice repeats."""
        return Carried(
            account_id=self.account_id, account_number=self.account_number, number=self.number
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An installment, and what is open of it."""

    agreed: Installment
    open_amount: Money
    since_on: date  # Issued, or open again after it was paid in full.
    recorded_on: date  # The entity's day on which we learned that.
    reopened_on: date | None = None  # None: open since it was issued.
    reached: frozenset[int] = frozenset()  # Thresholds, since it is open.

    @property
    def carried(self) -> CarriedOfInstallment:
        """What every event of the installment repeats."""
        return CarriedOfInstallment(
            installment=self.agreed.installment,
            open_item_id=self.agreed.open_item_id,
            due_on=self.agreed.due_on,
        )


@dataclass(frozen=True, slots=True)
class NotIssued:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    facts: Facts
    items: tuple[Item, ...]  # By installment.
    movable_from: date  # No allocation may be dated earlier.

    @property
    def open_amount(self) -> Money:
        return total((item.open_amount for item in self.items), self.facts.total.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Its items may be open already while its InvoiceReopened comes in the same decision."""

    facts: Facts
    items: tuple[Item, ...]
    movable_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceled:
    facts: Facts
    canceled_on: date
    items: tuple[Item, ...]  # Nothing is open of them.


State = NotIssued | Open | Settled | Canceled

NOT_ISSUED: Final[State] = NotIssued()
