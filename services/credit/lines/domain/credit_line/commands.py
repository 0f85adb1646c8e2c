"""The commands given to a credit line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.kernel.decider import Book
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLimit:
    """The account's currency and zone never change, so whoever asks may bring them along."""

    book: Book
    account_id: UUID
    account_number: str
    account_currency: str
    limit: Money
    effective_on: date
    time_zone: str


Command = SetLimit
