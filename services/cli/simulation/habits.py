"""How customers pay: how late, how surely, how often a payment bounces. Pure, from a generator."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Final, Literal, assert_never

Habit = Literal["prompt", "late", "seasonal", "deteriorating", "cured", "defaulting"]

# As often as they stand here. The first six are all there are.
HABITS: Final[tuple[Habit, ...]] = (
    "prompt",
    "late",
    "seasonal",
    "deteriorating",
    "cured",
    "defaulting",
    "prompt",
    "prompt",
    "late",
    "prompt",
    "seasonal",
    "prompt",
    "late",
    "prompt",
    "seasonal",
    "prompt",
)
LEAN_MONTHS: Final = (1, 2, 7, 8)  # Around the spring festival, and in summer.
DEFAULT_AFTER: Final = 0.35  # Of the book's time; then not a cent comes any more.


def days_late(habit: Habit, rng: Random, *, due_on: date, progress: float) -> int | None:
    """Days after the due date, before it if negative; None: never. `progress` runs from 0 to 1."""
    match habit:
        case "prompt":
            return round(rng.triangular(-8, 4, -1))
        case "late":
            return max(2, round(rng.gauss(17, 9)))
        case "seasonal":
            return round(rng.gauss(33, 9) if due_on.month in LEAN_MONTHS else rng.gauss(0, 3))
        case "deteriorating":
            return round(progress * 80 + rng.gauss(0, 4))
        case "cured":
            return round(max(0.0, 1 - 2 * progress) * 50 + rng.gauss(0, 3))
        case "defaulting":
            return None if progress > DEFAULT_AFTER else round(rng.gauss(9, 5))
        case _:
            assert_never(habit)


def bounces(habit: Habit, rng: Random) -> bool:
    return rng.random() < (0.06 if habit in ("deteriorating", "defaulting") else 0.012)


def keeps_promise(habit: Habit, rng: Random) -> bool:
    chance = {"late": 0.8, "cured": 0.9, "deteriorating": 0.5, "defaulting": 0.0}
    return rng.random() < chance.get(habit, 0.85)


def gives_promise(habit: Habit, rng: Random) -> bool:
    return rng.random() < (0.35 if habit == "defaulting" else 0.65)
