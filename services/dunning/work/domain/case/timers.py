"""When a case is reviewed: what waits, and what is decided when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.dunning.strategies.domain.review_time import is_after_outage, review_time, work_time
from services.dunning.work.domain.case import events
from services.dunning.work.domain.case.state import State
from shared.kernel.days import day_at
from shared.kernel.decider import NOTHING, Decided, Due, Timer


@dataclass(frozen=True, slots=True)
class ReviewSteps:
    """What is done about the steps that were reached is decided now."""


def timers(state: State) -> Sequence[Timer]:
    """One review at a time, while a step waits for it."""
    plan = state.plan
    if not plan.waiting or plan.review_at is None or plan.is_under_review:
        return ()
    return [Timer.of(ReviewSteps(), plan.review_at)]


def on_timer(payload: ReviewSteps, state: State, due: Due) -> Decided[events.Event]:
    """A review is dated when it is made, however late it is.

    At night it waits for the morning, and after an outage for what was reached meanwhile.
    """
    plan = state.plan
    customer = plan.customer
    if customer is None or not plan.waiting or plan.is_under_review:
        return NOTHING
    is_caught_up = plan.is_postponed or not is_after_outage(due.at, due.now)
    made_at = work_time if is_caught_up else review_time
    today, at = day_at(due.now, customer.time_zone), made_at(due.now, customer.time_zone)
    if at > due.now:
        later = events.CaseReviewMoved(account_id=customer.account_id, review_at=at)
        return Decided(today, [later])
    started = events.CaseReviewStarted(
        account_id=customer.account_id,
        account_number=customer.account_number,
        currency=customer.currency,
        time_zone=customer.time_zone,
    )
    return Decided(today, [started])
