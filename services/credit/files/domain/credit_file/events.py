"""What happens to a credit file. Scores carry all they were computed from, as shown to people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, TypedDict
from uuid import UUID

from services.credit.scorecards.domain.grade import Grade, Rated
from services.credit.scorecards.domain.scorecard import CapId, Status

OTHER_CURRENCIES_LEFT_OUT: Final = "OTHER_CURRENCIES_LEFT_OUT"  # They are not added without rates.


class CarriedOfReview(TypedDict):
    """The facts of OfReview, as one expression."""

    account_id: UUID
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCreditFile:
    """What every event of a credit file carries."""

    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OfReview(OfCreditFile):
    """What every event about a month end carries."""

    as_of: date  # The month's last day.


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFileOpened(OfCreditFile):
    account_number: str
    legal_entity: str
    time_zone: str
    currency: str
    opened_on: date
    recorded_on: date  # No month that ended before it is reviewed.


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFileReviewStarted(OfReview):
    """The month is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    id: str
    status: Status
    value: str | None  # Decimal text.
    sub_score: int | None
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """An indicator and what it costs, or currencies that were left out and cost nothing."""

    id: str
    points_lost: str  # Decimal text.
    currencies: tuple[str, ...]  # Of OTHER_CURRENCIES_LEFT_OUT alone.


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A rule outside the points that allowed no better grade."""

    id: CapId
    grade: Rated


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFileScored(OfReview):
    score: str  # Decimal text.
    coverage: str  # Decimal text; share of the applicable weights.
    band: Rated  # The score's own, before caps and memory.
    indicators: tuple[Indicator, ...]
    reasons: tuple[Reason, ...]  # The costliest first; their points and the score make 100.
    caps: tuple[Cap, ...]
    allocations: int
    watch: int  # Consecutive reviews just below the grade, this one too.
    strong: int  # Consecutive reviews well above it.


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFileGradeChanged(OfReview):
    from_grade: Grade
    to_grade: Rated
    score: str


Event = CreditFileOpened | CreditFileReviewStarted | CreditFileScored | CreditFileGradeChanged
