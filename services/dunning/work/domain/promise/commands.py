"""The commands given to a promise to pay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.kernel.decider import Book
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class MakePromise:
    book: Book
    number: str
    account_id: UUID
    account_number: str
    account_currency: str
    amount: Money
    promised_on: date
    made_on: date
    today: date
    time_zone: str  # Of the account, in which these are days.
    has_note: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepPromise:
    """What came in time has reached the amount."""

    promise_id: UUID
    received: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPromise:
    """Its day has passed: what came in time keeps it, or it is broken."""

    promise_id: UUID
    received: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenPromise:
    """A payment was returned, and what is left does not reach the amount."""

    promise_id: UUID
    received: Money


Command = MakePromise | KeepPromise | EndPromise | ReopenPromise
