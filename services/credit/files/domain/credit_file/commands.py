"""What one can ask of a credit file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from services.credit.scorecards.domain.behavior import Behavior
from shared.kernel.decider import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCreditFile:
    book: Book
    account_id: UUID
    account_number: str
    time_zone: str
    currency: str
    opened_on: date
    recorded_on: date  # The entity's day on which we learned of the account.
    effective_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordScore:
    """Judge the customer by what was seen of it in its account's currency."""

    file_id: UUID
    behavior: Behavior
    utilization: Fraction | None  # None: no limit is set.
    currencies_left_out: Sequence[str]  # In which there was something to judge too.


Command = OpenCreditFile | RecordScore
