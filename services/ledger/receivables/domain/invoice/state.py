"""What an invoice is, reduced to what decisions need. One installment until there are plans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was agreed when it was issued; every event repeats some of it."""

    account_id: UUID
    account_number: str
    number: str
    installment: int
    open_item_id: UUID
    total: Money
    issued_on: date
    due_on: date | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class NotIssued:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    facts: Facts
    open_amount: Money
    since_on: date  # Issued or reopened.
    recorded_on: date  # The entity's day on which we learned that.
    movable_from: date  # No allocation may be dated earlier.
    reached: frozenset[int] = frozenset()  # Thresholds, since it is open.


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    facts: Facts
    movable_from: date
    taken_back: Money  # By unapplied payments whose InvoiceReopened comes in the same decision.


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceled:
    facts: Facts


State = NotIssued | Open | Settled | Canceled

NOT_ISSUED: Final[State] = NotIssued()
