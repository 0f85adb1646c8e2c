"""The grades credit gives, as dunning reads them, and which one a crossing sees. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

BEST: Final = "优质"
GOOD: Final = "良好"
FAIR: Final = "一般"
POOR: Final = "较差"
UNRATED: Final = "未评级"
WORST_FIRST: Final = (POOR, FAIR, UNRATED, GOOD, BEST)  # How a work list ranks them.
REVIEW_NIGHT: Final = timedelta(days=1)  # A review of day T runs when T + 1 begins.


@dataclass(frozen=True, slots=True)
class GradeOnDay:
    """The grade from a business day on."""

    effective_on: date
    grade: str


def grade_seen(history: Sequence[GradeOnDay], crossing_on: date) -> str:
    """The grade before the night in which a threshold is reached.

    That night's review is of the day before, so only grades of earlier days count.
    """
    earlier = [row for row in history if row.effective_on < crossing_on - REVIEW_NIGHT]
    return max(earlier, key=lambda row: row.effective_on).grade if earlier else UNRATED


def rank(grade: str) -> int:
    """0 for the worst; a grade nobody knows ranks as unrated."""
    return WORST_FIRST.index(grade if grade in WORST_FIRST else UNRATED)
