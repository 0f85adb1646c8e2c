"""What a review looks at: the account's histories, and its exposure where a limit is set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.credit.lines.domain.exposure import Movement
from services.credit.scorecards.domain.behavior import Histories
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    histories: Histories
    limit: Money | None  # None: no limit is set.
    movements: Sequence[Movement]  # In the currency of the limit; empty where none is set.
