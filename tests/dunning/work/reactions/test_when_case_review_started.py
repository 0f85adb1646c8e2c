"""What follows from a review: one decision with its notices and tasks, and alerts before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.dunning.accounts.domain.listed_item import ListedItem
from services.dunning.alerts.domain.overdue_alert.commands import RaiseAlert
from services.dunning.alerts.domain.overdue_alert.decide import alert_id
from services.dunning.notices.domain.notice.events import LINES_MAX, NoticeQueued
from services.dunning.strategies.domain.review import (
    OwedItem,
    PassedStep,
    ReachedStep,
    ReviewFacts,
    Why,
)
from services.dunning.work.domain.case import events
from services.dunning.work.domain.case.commands import RecordReview
from services.dunning.work.domain.case.decide import case_stream
from services.dunning.work.domain.review_facts import CaseFacts, HistoryStep
from services.dunning.work.domain.task.events import TaskOpened
from services.dunning.work.handlers import case as handlers
from services.dunning.work.projections.review_facts import STEPS_MAX, TAKEN_OVER_MAX
from services.dunning.work.reactions.when_case_review_started_follow_the_plan import (
    PARTS_MAX,
    react,
)
from shared.kernel.decider import EVENTS_MAX, STREAMS_MAX
from shared.platform.codec import to_json
from shared.platform.log.port import RECORD_BYTES_MAX
from tests.support.cases import CROSSING, MORNING, NOTE, REACHED, RECORD, STARTED
from tests.support.dunning import (
    ACCOUNT,
    BOOK,
    COLLECTOR,
    DUE,
    ITEM_A,
    TENANT,
    after,
    listed,
    recorded,
    yuan,
)
from tests.support.spec import Streams

RULES = ReviewFacts(
    today=after(1),
    grade="较差",
    reached=[
        ReachedStep(crossing_id=CROSSING, open_item_id=ITEM_A, step=1, reached_on=after(1)),
    ],
    items=[OwedItem(item=listed(), latest_step=1)],
    unallocated=yuan(0),
    promised=yuan(0),
    promised_until=None,
    minimum=yuan(100),
    last_notice=None,
)
FACTS = CaseFacts(rules=RULES, history=(), take_over_on=None, collector_id=COLLECTOR, is_cut=False)
SOURCE = recorded(STARTED, after(1))


def many(count: int) -> Sequence[OwedItem]:
    """So many items of one due date, with names as long as names may be."""
    return [
        OwedItem(
            item=ListedItem(
                open_item_id=UUID(int=n + 1),
                invoice_number=f"{n:064}",
                installment=1,
                due_on=DUE,
                open_amount=yuan(10**14),
            ),
            latest_step=1,
        )
        for n in range(count)
    ]


def all_reached(items: Sequence[OwedItem]) -> Sequence[ReachedStep]:
    return [
        ReachedStep(
            crossing_id=UUID(int=10**9 + one.item.open_item_id.int),
            open_item_id=one.item.open_item_id,
            step=1,
            reached_on=after(1),
        )
        for one in items
    ]


def history(count: int) -> Sequence[HistoryStep]:
    return [
        HistoryStep(
            step=events.Step(
                crossing_id=UUID(int=2 * 10**9 + n), open_item_id=UUID(int=10**6 + n), step=30
            ),
            owed=replace(NOTE.item, open_item_id=UUID(int=10**6 + n)),
        )
        for n in range(count)
    ]


def recorded_review(facts: CaseFacts) -> RecordReview:
    (*_, record) = react(SOURCE, facts)
    assert isinstance(record, RecordReview)
    return record


class TestFollowThePlan:
    def test_records_what_was_decided_with_its_notice_and_task(self) -> None:
        record = recorded_review(FACTS)

        assert record.acted == RECORD.acted
        assert (record.step, record.demanded, record.waits_until) == (1, yuan(235_000), None)
        (notice,) = record.notices
        assert (notice.template, notice.written_on, notice.items) == (
            "reminder",
            after(1),
            [listed()],
        )
        (task,) = record.tasks
        assert (task.kind, task.opened_on, task.step) == ("phone", after(1), 1)

    def test_writes_all_of_it_in_one_piece(self) -> None:
        streams = started()
        streams.run(handlers.record_review(recorded_review(FACTS)), MORNING)

        assert [type(each.event) for each in streams.recorded[2:]] == [
            events.CaseStepTaken,
            events.CaseReviewed,
            NoticeQueued,
            TaskOpened,
        ]

    def test_writes_none_of_it_twice_or_when_its_day_is_over(self) -> None:
        work = handlers.record_review(recorded_review(FACTS))
        streams = started()
        streams.run(work, MORNING)
        before = len(streams.recorded)
        streams.run(work, MORNING)
        assert len(streams.recorded) == before

        late = started()
        late.run(work, MORNING + timedelta(days=1))
        assert [type(each.event) for each in late.recorded[2:]] == [events.CaseReviewed]

    def test_opens_a_task_alone_where_the_customer_has_paid_already(self) -> None:
        record = recorded_review(replace(FACTS, rules=replace(RULES, unallocated=yuan(235_000))))

        assert [task.kind for task in record.tasks] == ["allocate_money"]
        assert (record.step, record.notices, record.acted) == (None, [], [])
        assert [one.reason for one in record.passed] == [Why.MONEY_ON_ACCOUNT]


class TestLongLists:
    def test_go_on_in_further_notices_that_each_name_the_whole(self) -> None:
        items = many(2 * LINES_MAX + 1)
        rules = replace(RULES, items=items, reached=all_reached(items))
        notices = recorded_review(replace(FACTS, rules=rules)).notices

        assert [len(notice.items) for notice in notices] == [LINES_MAX, LINES_MAX, 1]
        assert [(notice.part, notice.parts) for notice in notices] == [(1, 3), (2, 3), (3, 3)]
        assert {notice.open_amount.minor for notice in notices} == {len(items) * 10**14}
        assert len({item.open_item_id for notice in notices for item in notice.items}) == len(items)

    @pytest.mark.parametrize("count", [1_800, 2_800, 10_000])
    def test_of_one_due_date_fit_the_log(self, count: int) -> None:
        """Seen: 2,800 made an event no log took, and dunning stood still for everybody."""
        items = many(count)
        rules = replace(RULES, items=items, reached=all_reached(items))
        streams = started()
        streams.run(handlers.record_review(recorded_review(replace(FACTS, rules=rules))), MORNING)
        written = [each.event for each in streams.recorded[2:]]

        notices = [each for each in written if isinstance(each, NoticeQueued)]
        assert sum(len(each.items) for each in notices) == count
        assert max(len(to_json(each)) for each in written) < RECORD_BYTES_MAX // 2

    @pytest.mark.parametrize("beyond", [0, 1])
    def test_fit_one_transaction_at_their_longest(self, beyond: int) -> None:
        """The most of everything one review takes: steps, items of a former book, lines."""
        items = many(PARTS_MAX * LINES_MAX + beyond)
        rules = replace(RULES, items=items, reached=all_reached(items)[:STEPS_MAX])
        facts = replace(
            FACTS,
            rules=rules,
            history=history(TAKEN_OVER_MAX),
            take_over_on=after(1),
            is_cut=True,
        )
        work = handlers.record_review(recorded_review(facts))
        streams = started()
        streams.run(work, MORNING)
        written = streams.recorded[2:]

        assert len(work.streams) <= STREAMS_MAX
        assert len(written) <= EVENTS_MAX
        assert max(len(to_json(each.event)) for each in written) < RECORD_BYTES_MAX // 2
        notices = [each.event for each in written if isinstance(each.event, NoticeQueued)]
        assert len(notices) == PARTS_MAX


class TestTakeOver:
    FACTS = replace(
        FACTS,
        rules=replace(RULES, today=after(45), reached=[], items=[]),
        history=[
            HistoryStep(
                step=events.Step(crossing_id=CROSSING, open_item_id=ITEM_A, step=30),
                owed=NOTE.item,
            )
        ],
        take_over_on=after(45),
    )
    SOURCE = recorded(STARTED, after(45))
    PASSED = PassedStep(
        crossing_id=CROSSING, open_item_id=ITEM_A, step=30, reason=Why.BEFORE_TAKE_OVER
    )

    def test_raises_one_alert_at_the_step_reached_and_demands_nothing(self) -> None:
        alert, record = react(self.SOURCE, self.FACTS)

        assert isinstance(alert, RaiseAlert)
        assert isinstance(record, RecordReview)
        assert (alert.threshold_days, alert.alert_id) == (30, alert_id(CROSSING, 30, "default@1"))
        assert record.taken_over == [NOTE.item]
        assert (record.notices, record.tasks, record.step) == ([], [], None)
        assert record.passed == [self.PASSED]

    def test_waits_until_the_book_is_taken_over(self) -> None:
        """The date was put off after the review had been set."""
        (record,) = react(self.SOURCE, replace(self.FACTS, take_over_on=after(50)))

        assert isinstance(record, RecordReview)
        assert (record.taken_over, record.passed) == ([], [])
        assert record.waits_until == after(50)

    def test_passes_over_what_is_not_overdue_any_more(self) -> None:
        paid = [replace(self.FACTS.history[0], owed=None)]
        (record,) = react(self.SOURCE, replace(self.FACTS, history=paid))

        assert isinstance(record, RecordReview)
        assert (record.taken_over, record.passed) == ([], [self.PASSED])


HISTORY: Sequence[events.Event] = (REACHED, STARTED)


def started() -> Streams:
    """A case whose one step is under review."""
    streams = Streams(TENANT)
    stream = case_stream(BOOK, account_id=ACCOUNT, currency="CNY")
    streams.append(stream, HISTORY, MORNING)
    return streams
