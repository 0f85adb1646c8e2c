"""What a review looks at: the account's history, and its exposure where a limit is set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.credit.lines.domain.exposure import Movement
from services.credit.scorecards.domain.behavior import History


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    history: History
    limit_minor: int | None  # None: no limit is set.
    movements: Sequence[Movement]  # Empty where no limit is set.
