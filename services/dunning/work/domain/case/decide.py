"""Every rule a case obeys: it is open exactly while an item of the account is overdue.

What is done about a step is decided at a review (`strategies/domain/review.py`), once; here stands
which steps wait for it, and when it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from services.dunning.strategies.domain.review import Why
from services.dunning.strategies.domain.review_time import review_on, review_time
from services.dunning.work.domain.case import commands, events
from services.dunning.work.domain.case.evolve import evolve
from services.dunning.work.domain.case.state import NOT_OPEN, NotOpen, Open, Plan, State
from services.dunning.work.domain.case.timers import ReviewSteps, on_timer, timers
from shared.kernel.days import day_at
from shared.kernel.decider import NOTHING, Aggregate, Book, Decided, Stream
from shared.kernel.id_sets import NO_IDS, IdSet

T = TypeVar("T")


def note_step(command: commands.NoteStep, state: State, *, now: datetime) -> Decided[events.Event]:
    """It waits for a review, unless a later step of the same item follows it.

    What was reached before the book was taken over is history: it opens no case, and waits for the
    take-over date, when the items still overdue are looked at.
    """
    on, zone = command.take_over_on, command.time_zone
    is_history = on is not None and command.reached_on < on
    happened: list[events.Event] = []
    if command.step > 0 and not is_history and not command.is_settled:
        happened += _added(command, [command.item], state)
    if (why := _passed_at_once(command, is_history=is_history)) is not None:
        passed = events.Step(
            crossing_id=command.crossing_id,
            open_item_id=command.item.open_item_id,
            step=command.step,
        )
        happened.append(
            events.CaseStepPassedOver(account_id=command.account_id, reason=why, steps=(passed,))
        )
    else:
        at = review_time(now, zone)
        if is_history and on is not None:
            at = max(at, review_on(on, zone))
        happened.append(_reached(command, is_history, at, state.plan))
    return Decided(day_at(now, zone), happened)


def bring_review_forward(
    command: commands.BringReviewForward, state: State, *, now: datetime
) -> Decided[events.Event]:
    """Never later than it would be: a review that finds the date ahead waits for it by itself."""
    plan = state.plan
    customer, waits = plan.customer, plan.review_at
    if customer is None or waits is None or not plan.waiting or plan.is_under_review:
        return NOTHING
    zone = customer.time_zone
    at = max(review_time(now, zone), review_on(command.take_over_on, zone))
    if at >= waits:
        return NOTHING
    moved = events.CaseReviewMoved(account_id=customer.account_id, review_at=at)
    return Decided(day_at(now, zone), [moved])


def _passed_at_once(command: commands.NoteStep, *, is_history: bool) -> Why | None:
    """Why the step waits for no review; None: it does."""
    if command.is_settled:
        return Why.SETTLED
    if is_history and (command.step < 0 or command.latest_step > command.step):
        return Why.BEFORE_TAKE_OVER
    return Why.MORE_SEVERE if command.latest_step > command.step else None


def _reached(
    command: commands.NoteStep, is_history: bool, at: datetime, plan: Plan
) -> events.CaseStepReached:
    waits = plan.review_at if plan.waiting and not plan.is_under_review else None
    return events.CaseStepReached(
        account_id=command.account_id,
        account_number=command.account_number,
        currency=command.item.open_amount.currency,
        time_zone=command.time_zone,
        open_item_id=command.item.open_item_id,
        invoice_id=command.item.invoice_id,
        crossing_id=command.crossing_id,
        step=command.step,
        reached_on=command.reached_on,
        is_returned=command.is_returned,
        is_history=is_history,
        review_at=at if waits is None else min(at, waits),
    )


def _added(
    command: commands.NoteStep | commands.RecordReview,
    items: Iterable[commands.CaseItem],
    state: State,
) -> Sequence[events.Event]:
    """Those that are not in the case yet, which opens if it must."""
    known = state.open_item_ids if isinstance(state, Open) else NO_IDS
    added = [
        events.OpenItemAdded(
            account_id=command.account_id,
            open_item_id=item.open_item_id,
            invoice_id=item.invoice_id,
            invoice_number=item.invoice_number,
            installment=item.installment,
            due_on=item.due_on,
            open_amount=item.open_amount,
        )
        for item in items
        if item.open_item_id not in known
    ]
    if not added or isinstance(state, Open):
        return added
    opened = events.CaseOpened(
        account_id=command.account_id,
        account_number=command.account_number,
        currency=added[0].open_amount.currency,
    )
    return [opened, *added]


def remove_cured_item(
    command: commands.RemoveCuredItem, state: State, *, now: datetime
) -> Decided[events.Event]:
    """A payment may be dated back; the case ends when it is known, never before it began."""
    if isinstance(state, NotOpen) or command.open_item_id not in state.open_item_ids:
        return NOTHING
    happened: list[events.Event] = [
        events.OpenItemRemoved(account_id=command.account_id, open_item_id=command.open_item_id)
    ]
    if len(state.open_item_ids) == 1:
        happened.append(events.CaseClosed(account_id=command.account_id))
    return Decided(day_at(now, command.time_zone), happened)


def record_review(
    command: commands.RecordReview, state: State, *, now: datetime
) -> Decided[events.Event]:
    """What was decided, and when what still waits is looked at again.

    A review whose day is over was not acted upon: what waits is reviewed anew.
    """
    if not state.plan.is_under_review:
        return NOTHING
    zone = command.time_zone
    today = day_at(now, zone)
    if not is_acted_upon(command, state, now=now):
        again = events.CaseReviewed(account_id=command.account_id, review_at=review_time(now, zone))
        return Decided(today, [again])
    happened = [*_added(command, command.taken_over, state), *_passed(command), *_taken(command)]
    at = _next_review(command, state.plan.waiting, now)
    reviewed = events.CaseReviewed(account_id=command.account_id, review_at=at)
    return Decided(today, [*happened, reviewed])


def is_acted_upon(review: commands.RecordReview, state: State, *, now: datetime) -> bool:
    """Whether the review is still to be answered, and its day not over."""
    return state.plan.is_under_review and day_at(now, review.time_zone) == review.today


def _next_review(command: commands.RecordReview, waiting: IdSet, now: datetime) -> datetime | None:
    """Of what the review kept waiting, and of what was reached while it was made."""
    done = {one.crossing_id for one in command.acted}
    done |= {one.crossing_id for one in command.passed}
    if command.is_cut and done:
        return now
    left = set(waiting) - done
    known, zone = left.intersection(command.seen), command.time_zone
    times = [review_time(now, zone)] if left - known else []
    if known and command.waits_until is not None:
        times.append(review_on(command.waits_until, zone))
    return min(times, default=None)


def _passed(command: commands.RecordReview) -> Sequence[events.Event]:
    by_reason: dict[Why, list[events.Step]] = {}
    for one in command.passed:
        by_reason.setdefault(one.reason, []).append(
            events.Step(crossing_id=one.crossing_id, open_item_id=one.open_item_id, step=one.step)
        )
    return [
        events.CaseStepPassedOver(account_id=command.account_id, reason=why, steps=tuple(part))
        for why, steps in by_reason.items()
        for part in _parts(steps)
    ]


def _taken(command: commands.RecordReview) -> Sequence[events.Event]:
    if command.step is None:
        return []
    return [
        events.CaseStepTaken(
            account_id=command.account_id,
            taken_on=command.today,
            step=command.step,
            steps=tuple(part),
            notices=tuple(dict.fromkeys(notice.template for notice in command.notices)),
            tasks=tuple(task.kind for task in command.tasks),
            demanded=command.demanded,
        )
        for part in _parts(command.acted)
    ]


def _parts(things: Sequence[T]) -> Iterable[Sequence[T]]:
    """As many as one event may name."""
    size = events.STEPS_MAX
    return (things[at : at + size] for at in range(0, len(things), size))


def account_of(event: events.Event) -> UUID:
    return event.account_id


case: Final[Aggregate[State, events.Event]] = Aggregate(
    "case",
    initial=NOT_OPEN,
    evolve=evolve,
    account_of=account_of,
    timers=timers,
    on_timer=on_timer,
    payloads=(ReviewSteps,),
)


def case_stream(book: Book, *, account_id: UUID, currency: str) -> Stream[State, events.Event]:
    return case.stream(book, str(account_id), currency)
