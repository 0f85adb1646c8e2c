from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from services.dunning.work.domain.task import commands, decide, events
from services.dunning.work.domain.task.decide import task
from shared.kernel.rejections import EffectiveDateOutOfRange
from tests.support.dunning import ACCOUNT, BOOK, DUE, after, at, listed, yuan
from tests.support.spec import given

ZONE = "Asia/Shanghai"
OPEN = commands.OpenTask(
    book=BOOK,
    account_id=ACCOUNT,
    account_number="C-1001",
    time_zone=ZONE,
    currency="CNY",
    opened_on=after(30),
    kind="phone",
    step=30,
    grade="优质",
    items=[listed()],
    open_amount=yuan(235_000),
)
NOW = at(after(30), 1)
OPENED = events.TaskOpened(
    account_id=ACCOUNT,
    account_number="C-1001",
    currency="CNY",
    kind="phone",
    step=30,
    grade="优质",
    opened_on=after(30),
    oldest_due_on=DUE,
    items=(listed(),),
    item_count=1,
    open_amount=yuan(235_000),
)
COMPLETE = commands.CompleteTask(
    task_id=UUID(int=5),
    outcome="reached",
    completed_on=after(31),
    today=after(31),
    time_zone=ZONE,
)
WITHDRAW = commands.WithdrawTask(task_id=UUID(int=5), reason="nothing_owed", time_zone=ZONE)
WITHDRAWN = events.TaskWithdrawn(account_id=ACCOUNT, reason="nothing_owed", withdrawn_on=after(30))
COMPLETED = events.TaskCompleted(account_id=ACCOUNT, outcome="reached", completed_on=after(31))


class TestOpenTask:
    def test_opens_it(self) -> None:
        given(task).when(decide.open_task, OPEN, now=NOW).then(OPENED)

    def test_happens_once_per_customer_currency_day_and_kind(self) -> None:
        for history in ((OPENED,), (OPENED, COMPLETED), (OPENED, WITHDRAWN)):
            given(task, *history).when(decide.open_task, OPEN, now=NOW).then_nothing()

    def test_is_not_opened_on_another_day(self) -> None:
        late = NOW + timedelta(hours=16)

        given(task).when(decide.open_task, OPEN, now=late).then_nothing()

    def test_is_opened_later_where_nobody_asks_anew_and_dated_when_it_is(self) -> None:
        late = NOW + timedelta(hours=16)
        opened = replace(OPENED, opened_on=after(31))
        when = given(task).when(decide.open_task, replace(OPEN, may_be_late=True), now=late)

        when.then(opened)
        when.then_on(after(31))

    def test_lists_so_many_items_and_counts_all(self) -> None:
        many = [listed()] * (events.ITEMS_MAX + 1)

        (opened,) = decide.open_task(replace(OPEN, items=many), task.initial, now=NOW).events

        assert isinstance(opened, events.TaskOpened)
        assert len(opened.items) == events.ITEMS_MAX
        assert opened.item_count == events.ITEMS_MAX + 1


class TestCompleteTask:
    def test_says_what_came_of_it(self) -> None:
        given(task, OPENED).when(decide.complete_task, COMPLETE).then(COMPLETED)

    def test_is_of_today_where_nobody_says_a_day(self) -> None:
        today = replace(COMPLETE, completed_on=None)

        given(task, OPENED).when(decide.complete_task, today).then(COMPLETED)

    def test_happens_once(self) -> None:
        given(task, OPENED, COMPLETED).when(decide.complete_task, COMPLETE).then_nothing()

    def test_happens_once_also_when_it_is_said_again_on_another_day(self) -> None:
        tomorrow = replace(COMPLETE, completed_on=None, today=after(32))

        given(task, OPENED, COMPLETED).when(decide.complete_task, tomorrow).then_nothing()

    def test_refuses_another_outcome_afterwards(self) -> None:
        """Seen: it was swallowed, and answered as if it were written."""
        for other in (
            replace(COMPLETE, outcome="no_answer"),
            replace(COMPLETE, completed_on=after(30)),
        ):
            given(task, OPENED, COMPLETED).when(decide.complete_task, other).then_rejected(
                decide.TaskAlreadyCompleted
            )

    def test_refuses_a_day_before_it_was_opened(self) -> None:
        early = replace(COMPLETE, completed_on=after(29))

        given(task, OPENED).when(decide.complete_task, early).then_rejected(
            EffectiveDateOutOfRange, "/completed_on"
        )

    def test_refuses_what_was_withdrawn(self) -> None:
        given(task, OPENED, WITHDRAWN).when(decide.complete_task, COMPLETE).then_rejected(
            decide.TaskNotOpen
        )

    def test_refuses_a_day_to_come(self) -> None:
        early = replace(COMPLETE, today=after(30))

        given(task, OPENED).when(decide.complete_task, early).then_rejected(
            EffectiveDateOutOfRange, "/completed_on"
        )

    def test_refuses_what_nobody_opened(self) -> None:
        given(task).when(decide.complete_task, COMPLETE).then_rejected(decide.TaskNotOpen)


class TestWithdrawTask:
    def test_says_why_on_the_day_it_is_withdrawn(self) -> None:
        given(task, OPENED).when(decide.withdraw_task, WITHDRAW, now=NOW).then(WITHDRAWN)
        given(task, OPENED).when(decide.withdraw_task, WITHDRAW, now=NOW).then_on(after(30))

    def test_leaves_alone_what_is_ended_or_was_never_opened(self) -> None:
        for history in ((), (OPENED, COMPLETED), (OPENED, WITHDRAWN)):
            given(task, *history).when(decide.withdraw_task, WITHDRAW, now=NOW).then_nothing()
