"""When an installment reaches its thresholds: what waits, and what is decided when it is due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.ledger.receivables.domain.aging import is_ahead, reached_on
from services.ledger.receivables.domain.invoice import events
from services.ledger.receivables.domain.invoice.state import Item, Open, State
from shared.kernel.days import day_at, start_of_day
from shared.kernel.decider import Decided, Due, Timer


@dataclass(frozen=True, slots=True)
class DaysPastDue:
    """The installment is so many days past due now."""

    threshold: int
    installment: int


def timers(state: State) -> Sequence[Timer]:
    """Every threshold that is not reached; those before the due date only while it is ahead."""
    if not isinstance(state, Open):
        return ()
    facts = state.facts
    return [
        Timer.of(DaysPastDue(days, item.agreed.installment), start_of_day(on, facts.time_zone))
        for item in state.items
        for days, on in _ahead(item, facts.thresholds)
    ]


def on_timer(payload: DaysPastDue, state: State, due: Due) -> Sequence[Decided[events.Event]]:
    """The first positive threshold makes it overdue; each is reached once while it is open.

    Those of the installment that are due by now come together, the lowest first, so that nobody
    takes one for the latest that is not. Each is dated on the day it is reached, not on the day
    we noticed. Only the first that come after a returned payment say so: later ones come of age.
    """
    if not isinstance(state, Open):
        return ()
    facts = state.facts
    item = next((i for i in state.items if i.agreed.installment == payload.installment), None)
    if item is None:
        return ()
    today = day_at(due.now, facts.time_zone)
    reached = sorted((days, on) for days, on in _ahead(item, facts.thresholds) if on <= today)
    if payload.threshold not in dict(reached):
        return ()
    latest, _ = reached[-1]
    reopened_on = None if item.reached else item.reopened_on
    decided: list[Decided[events.Event]] = []
    for days, on in reached:
        happened = _crossing(item, days)(
            **facts.carried,
            **item.carried,
            open_amount=item.open_amount,
            threshold_days=days,
            latest_threshold_days=latest,
            reopened_on=reopened_on,
        )
        decided.append(Decided(on, [happened], facts.time_zone))
        item = replace(item, reached=item.reached | {days})
    return decided


def _ahead(item: Item, thresholds: Sequence[int]) -> Iterator[tuple[int, date]]:
    """The thresholds an open installment will reach, each with its day."""
    due_on = item.agreed.due_on
    if due_on is None or not item.open_amount.minor:
        return
    for days in thresholds:
        if days not in item.reached and (days > 0 or is_ahead(due_on, item.recorded_on)):
            yield days, reached_on(days, due_on=due_on, since_on=item.since_on)


def _crossing(
    item: Item, days: int
) -> type[
    events.InvoiceDueDateApproached | events.InvoiceBecameOverdue | events.InvoiceDaysPastDueReached
]:
    if days <= 0:
        return events.InvoiceDueDateApproached
    if not any(reached > 0 for reached in item.reached):
        return events.InvoiceBecameOverdue
    return events.InvoiceDaysPastDueReached
