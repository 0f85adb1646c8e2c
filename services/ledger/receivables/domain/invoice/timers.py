"""When an installment reaches its thresholds: what waits, and what is decided when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.ledger.receivables.domain.aging import has_reached, is_ahead, reached_on
from services.ledger.receivables.domain.invoice import events
from services.ledger.receivables.domain.invoice.state import Item, Open, State
from shared.kernel.days import day_at, start_of_day
from shared.kernel.decider import NOTHING, Decided, Due, Timer


@dataclass(frozen=True, slots=True)
class DaysPastDue:
    """The installment is so many days past due now."""

    threshold: int
    installment: int


def timers(state: State) -> Sequence[Timer]:
    """Every threshold that is not reached; those before the due date only while it is ahead."""
    if not isinstance(state, Open):
        return ()
    zone = state.facts.time_zone
    return [
        Timer.of(
            DaysPastDue(days, item.agreed.installment),
            start_of_day(reached_on(days, due_on=due_on, since_on=item.since_on), zone),
        )
        for item in state.items
        if item.open_amount.minor and (due_on := item.agreed.due_on) is not None
        for days in state.facts.thresholds
        if days not in item.reached and (days > 0 or is_ahead(due_on, item.recorded_on))
    ]


def on_timer(payload: DaysPastDue, state: State, due: Due) -> Decided[events.Event]:
    """The first positive threshold makes it overdue; each is reached once while it is open.

    The crossing is dated on the day it is reached, not on the day we noticed.
    """
    if not isinstance(state, Open):
        return NOTHING
    facts, days = state.facts, payload.threshold
    item = next((i for i in state.items if i.agreed.installment == payload.installment), None)
    if item is None or not item.open_amount.minor or days in item.reached:
        return NOTHING
    due_on, as_of = item.agreed.due_on, day_at(due.at, facts.time_zone)
    if due_on is None or not has_reached(days, due_on=due_on, as_of=as_of):
        return NOTHING
    happened = _crossing(item, days)(
        **facts.carried,
        **item.carried,
        threshold_days=days,
        open_amount=item.open_amount,
    )
    on = reached_on(days, due_on=due_on, since_on=item.since_on)
    return Decided(on, [happened], facts.time_zone)


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
