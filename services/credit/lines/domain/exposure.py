"""What a customer owes in all, against what it may owe. Exact; refuses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from shared.kernel.money import Money, total

UTILIZATION_DAYS: Final = 90  # days over which the exposure is averaged


@dataclass(frozen=True, slots=True)
class Movement:
    """By how much the sum of an account's open items of one currency changed on a day."""

    effective_on: date
    amount: Money


def utilization(movements: Sequence[Movement], limit: Money, as_of: date) -> Fraction:
    """The mean of the exposures at the end of the last days, over the limit in the same currency.

    Against a limit of nothing any exposure is far beyond it: one minor unit stands for it.
    """
    first = as_of - timedelta(days=UTILIZATION_DAYS - 1)
    owed = total(
        (
            each.amount * ((as_of - max(each.effective_on, first)).days + 1)
            for each in movements
            if each.effective_on <= as_of
        ),
        limit.currency,
    )
    return owed / (max(limit, Money(1, limit.currency)) * UTILIZATION_DAYS)
