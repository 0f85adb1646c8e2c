"""When a case's review started, the plan is followed: one step, its notices and its tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, TypedDict
from uuid import UUID

from services.dunning.alerts.domain.overdue_alert.commands import RaiseAlert
from services.dunning.alerts.domain.overdue_alert.decide import alert_id
from services.dunning.alerts.domain.overdue_alert.events import AlertAccount
from services.dunning.notices.domain.notice.commands import QueueNotice
from services.dunning.notices.domain.notice.events import LINES_MAX
from services.dunning.strategies.domain.dunning_plan import POLICY_VERSION
from services.dunning.strategies.domain.review import PassedStep, Reviewed, Why, review
from services.dunning.work.domain.case.commands import CaseItem, RecordReview
from services.dunning.work.domain.case.events import CaseReviewStarted, Step
from services.dunning.work.domain.review_facts import CaseFacts, HistoryStep
from services.dunning.work.domain.task.commands import OpenTask
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money, total

HEARS = CaseReviewStarted
NEEDS = ("account_facts", "case_plan", "promises")

PARTS_MAX: Final = 150  # notices of one step; further items are in its total alone


def react(
    recorded: Recorded[CaseReviewStarted], facts: CaseFacts
) -> Sequence[RaiseAlert | RecordReview]:
    """The alerts come first: they may be repeated, what the review came to is written once."""
    history = facts.history if facts.is_taken_over else ()
    return [
        *(_alert(recorded, facts, one, one.owed) for one in history if one.owed is not None),
        _record(recorded, facts, review(facts.rules), history),
    ]


def _record(
    recorded: Recorded[CaseReviewStarted],
    facts: CaseFacts,
    done: Reviewed,
    history: Sequence[HistoryStep],
) -> RecordReview:
    passed = [
        PassedStep(
            crossing_id=one.step.crossing_id,
            open_item_id=one.step.open_item_id,
            step=one.step.step,
            reason=Why.BEFORE_TAKE_OVER,
        )
        for one in history
    ]
    waits: list[date | None] = [done.waits_until]
    if facts.history and not history:
        waits.append(facts.take_over_on)
    reached = [one.crossing_id for one in facts.rules.reached]
    return RecordReview(
        **_customer(recorded),
        today=facts.rules.today,
        seen=[*reached, *(one.step.crossing_id for one in facts.history)],
        taken_over=[one.owed for one in history if one.owed is not None],
        passed=[*done.passed, *passed],
        acted=[
            Step(crossing_id=one.crossing_id, open_item_id=one.open_item_id, step=one.step)
            for one in done.acted
        ],
        step=done.step,
        notices=list(_notices(recorded, facts, done)),
        tasks=list(_tasks(recorded, facts, done)),
        demanded=done.demanded,
        waits_until=min((day for day in waits if day is not None), default=None),
        is_cut=facts.is_cut,
    )


def _notices(
    recorded: Recorded[CaseReviewStarted], facts: CaseFacts, done: Reviewed
) -> Iterator[QueueNotice]:
    """A long list goes on in further notices of the day, each of which names the whole."""
    step = done.step
    if step is None or done.demanded is None:
        return
    whole = _open(done, recorded.event.currency)
    lines = done.items[: PARTS_MAX * LINES_MAX]
    parts = [lines[at : at + LINES_MAX] for at in range(0, len(lines), LINES_MAX)]
    for action in done.notices:
        for n, items in enumerate(parts, start=1):
            yield QueueNotice(
                **_customer(recorded),
                written_on=facts.rules.today,
                step=step,
                channel=action.channel,
                template=action.template,
                grade=facts.rules.grade,
                items=items,
                part=n,
                parts=len(parts),
                open_amount=whole,
                unallocated=facts.rules.unallocated,
                demanded=done.demanded,
            )


def _tasks(
    recorded: Recorded[CaseReviewStarted], facts: CaseFacts, done: Reviewed
) -> Iterator[OpenTask]:
    whole = _open(done, recorded.event.currency)
    for action in done.tasks:
        yield OpenTask(
            **_customer(recorded),
            opened_on=facts.rules.today,
            kind=action.kind,
            step=done.step,
            grade=facts.rules.grade,
            items=done.items,
            open_amount=whole,
        )


class _Customer(TypedDict):
    """Whose case it is, as one expression."""

    book: Book
    account_id: UUID
    account_number: str
    time_zone: str
    currency: str


def _customer(recorded: Recorded[CaseReviewStarted]) -> _Customer:
    event = recorded.event
    return _Customer(
        book=Book(recorded.tenant_id, recorded.legal_entity),
        account_id=event.account_id,
        account_number=event.account_number,
        time_zone=event.time_zone,
        currency=event.currency,
    )


def _open(done: Reviewed, currency: str) -> Money:
    return total((item.open_amount for item in done.items), currency)


def _alert(
    recorded: Recorded[CaseReviewStarted], facts: CaseFacts, one: HistoryStep, item: CaseItem
) -> RaiseAlert:
    """What was overdue already when the book was taken over: one alert, at the step it is at."""
    event, step = recorded.event, one.step
    return RaiseAlert(
        book=Book(recorded.tenant_id, recorded.legal_entity),
        alert_id=alert_id(step.crossing_id, step.step, POLICY_VERSION),
        account=AlertAccount(
            id=event.account_id, legal_entity=recorded.legal_entity, number=event.account_number
        ),
        time_zone=event.time_zone,
        open_item_id=item.open_item_id,
        invoice_number=item.invoice_number,
        installment=item.installment,
        due_on=item.due_on,
        threshold_days=step.step,
        grade=facts.rules.grade,
        collector_id=facts.collector_id,
        open_amount=item.open_amount,
        policy_version=POLICY_VERSION,
    )
