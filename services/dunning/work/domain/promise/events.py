"""What has happened to a promise. Stored for ever: add fields, never change them.

All but the first are dated on the day on which they are decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPromise:
    """What every event of a promise says of it."""

    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMade(OfPromise):
    account_number: str
    number: str
    amount: Money
    promised_on: date
    made_on: date
    time_zone: str  # Of the account, in which these are days.
    note_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseKept(OfPromise):
    received: Money  # In time, the promised amount.


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseDayPassed(OfPromise):
    """The promised day is over and the promise was open: what came in time is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseBroken(OfPromise):
    """The promised day is over, and what came in time, as far as it is known, is too little."""

    received: Money
    missing: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseReopened(OfPromise):
    """Money that had kept it was returned before its day was over."""

    received: Money  # That is left.
    missing: Money


Event = PromiseMade | PromiseDayPassed | PromiseKept | PromiseBroken | PromiseReopened
