"""What the plan will do next for a customer in one currency, and on which day. A forecast.

Nothing is decided here: the ledger says when a threshold is reached, and a review what is done. A
promise, money on account or a notice of the last days may still put it off. What is said before
the due date is no step to wait for: the work list is about money that is overdue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from services.dunning.strategies.domain.dunning_plan import STEPS_PAST_DUE, actions


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """Open items that have come to the same threshold, by the oldest of them."""

    latest_step: int | None  # The highest threshold they have reached; None: not even the first.
    oldest_due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingStep:
    """The most severe step that was reached and waits for its review."""

    step: int
    is_returned: bool  # A payment was returned: it is told whatever the plan says.
    review_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What the plan does next."""

    step: int  # Threshold, days past due.
    on: date


def next_step(
    *, today: date, grade: str, debts: Iterable[Debt], waiting: WaitingStep | None
) -> NextStep | None:
    """The step that waits, on the day of its review, unless a more severe one is reached by then.

    Where none waits, the first that will be reached. None: the plan has come to its end.
    """
    ahead = [step for debt in debts for step in _ahead(debt, grade, today)]
    if waiting is not None and (waiting.is_returned or actions(grade, waiting.step)):
        on = max(waiting.review_on, today)
        more_severe = [one for one in ahead if one.step > waiting.step and one.on <= on]
        ahead = more_severe or [NextStep(step=waiting.step, on=on)]
    return min(ahead, key=lambda one: (one.on, -one.step), default=None)


def _ahead(debt: Debt, grade: str, today: date) -> Iterator[NextStep]:
    """The thresholds at which the plan acts that these items have not reached yet."""
    for step in STEPS_PAST_DUE:
        on = debt.oldest_due_on + timedelta(days=step)
        if step > (debt.latest_step or 0) and on >= today and actions(grade, step):
            yield NextStep(step=step, on=on)
