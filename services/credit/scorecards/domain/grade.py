"""Score -> grade: bands, caps, and a memory that goes down fast and up slowly.

Compares exact scores; nothing is rounded before it meets an edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final, Literal

Rated = Literal["较差", "一般", "良好", "优质"]
Grade = Literal["较差", "一般", "良好", "优质", "未评级"]

UNRATED: Final = "未评级"
GRADES: Final[tuple[Rated, ...]] = ("较差", "一般", "良好", "优质")  # Worst first.
FLOORS: Final = (0, 50, 65, 80)  # points; a grade begins at its floor
TOLERANCE_POINTS: Final = 3  # how far a score may leave its band before it counts fully
WATCH_REVIEWS: Final = 2  # consecutive reviews below the band that cost a notch
STRONG_REVIEWS: Final = 3  # consecutive reviews well above the band that earn a notch
UPGRADE_DAYS_MIN: Final = 90  # days since the last change before a notch up


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is remembered between two scored reviews."""

    grade: Grade
    changed_on: date
    watch: int = 0
    strong: int = 0


NO_STANDING: Final = Standing(grade=UNRATED, changed_on=date.min)


def band_of(score: Fraction) -> Rated:
    return GRADES[sum(score >= floor for floor in FLOORS) - 1]


def worse(one: Rated, other: Rated) -> Rated:
    return min(one, other, key=GRADES.index)


def next_standing(standing: Standing, score: Fraction, cap: Rated, as_of: date) -> Standing:
    """One scored review. An unscored one does not come here: nothing moves.

    Each change, the first grade too, clears both counters; a review that feeds one counter clears
    the other. `strong` also counts while the days of rest are not over. No grade is above the cap.
    """
    if standing.grade == UNRATED:
        return Standing(grade=worse(band_of(score), cap), changed_on=as_of)
    moved = _moved(standing, standing.grade, score, as_of)
    if moved.grade == UNRATED or GRADES.index(moved.grade) <= GRADES.index(cap):
        return moved
    if GRADES.index(standing.grade) > GRADES.index(cap):
        return Standing(grade=cap, changed_on=as_of)
    return replace(standing, watch=0, strong=standing.strong + 1)  # A way up that the cap closes.


def _moved(standing: Standing, grade: Rated, score: Fraction, as_of: date) -> Standing:
    level = GRADES.index(grade)
    if score < FLOORS[level] - TOLERANCE_POINTS:
        return Standing(grade=band_of(score), changed_on=as_of)
    if score < FLOORS[level]:
        return _watched(standing, level, as_of)
    is_best = level + 1 == len(GRADES)
    if is_best or score < FLOORS[level + 1] + TOLERANCE_POINTS:
        return replace(standing, watch=0, strong=0)
    strong = standing.strong + 1
    has_rested = (as_of - standing.changed_on).days >= UPGRADE_DAYS_MIN
    if strong >= STRONG_REVIEWS and has_rested:
        return Standing(grade=GRADES[level + 1], changed_on=as_of)
    return replace(standing, watch=0, strong=strong)


def _watched(standing: Standing, level: int, as_of: date) -> Standing:
    watch = standing.watch + 1
    if watch >= WATCH_REVIEWS:
        return Standing(grade=GRADES[level - 1], changed_on=as_of)
    return replace(standing, watch=watch, strong=0)
