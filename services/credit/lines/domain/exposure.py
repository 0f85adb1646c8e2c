"""What a customer owes in all, against what it may owe. Exact; refuses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

UTILIZATION_DAYS: Final = 90  # days over which the exposure is averaged


@dataclass(frozen=True, slots=True)
class Movement:
    """By how much the sum of an account's open items changed on a day."""

    effective_on: date
    minor: int


def utilization(movements: Sequence[Movement], limit_minor: int, as_of: date) -> Fraction:
    """The mean of the exposures at the end of the last days, over the limit.

    Against a limit of nothing any exposure is far beyond it: one minor unit stands for it.
    """
    first = as_of - timedelta(days=UTILIZATION_DAYS - 1)
    total = 0
    for each in movements:
        if each.effective_on <= as_of:
            days = (as_of - max(each.effective_on, first)).days + 1
            total += each.minor * days
    return Fraction(total, UTILIZATION_DAYS * max(limit_minor, 1))
