from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.dunning.work.domain.task import commands, decide, events
from services.dunning.work.domain.task.decide import task
from shared.kernel.rejections import EffectiveDateOutOfRange
from tests.support.dunning import ACCOUNT, BOOK, DUE, after, listed
from tests.support.spec import given

OPEN = commands.OpenTask(
    book=BOOK,
    account_id=ACCOUNT,
    account_number="C-1001",
    due_on=DUE,
    step=30,
    kind="phone",
    grade="优质",
    items=[listed()],
    effective_on=after(30),
)
OPENED = events.TaskOpened(
    account_id=ACCOUNT,
    account_number="C-1001",
    due_on=DUE,
    step=30,
    kind="phone",
    grade="优质",
    opened_on=after(30),
    items=(listed(),),
)
COMPLETE = commands.CompleteTask(
    task_id=UUID(int=5),
    outcome="reached",
    completed_on=after(31),
    today=after(31),
    time_zone="Asia/Shanghai",
)
COMPLETED = events.TaskCompleted(account_id=ACCOUNT, outcome="reached", completed_on=after(31))


class TestOpenTask:
    def test_opens_it(self) -> None:
        given(task).when(decide.open_task, OPEN).then(OPENED)

    def test_happens_once_per_account_due_date_and_step(self) -> None:
        given(task, OPENED).when(decide.open_task, OPEN).then_nothing()
        given(task, OPENED, COMPLETED).when(decide.open_task, OPEN).then_nothing()


class TestCompleteTask:
    def test_says_what_came_of_it(self) -> None:
        given(task, OPENED).when(decide.complete_task, COMPLETE).then(COMPLETED)

    def test_happens_once(self) -> None:
        given(task, OPENED, COMPLETED).when(decide.complete_task, COMPLETE).then_nothing()

    def test_refuses_a_day_to_come(self) -> None:
        early = replace(COMPLETE, today=after(30))

        given(task, OPENED).when(decide.complete_task, early).then_rejected(
            EffectiveDateOutOfRange, "/completed_on"
        )

    def test_refuses_what_nobody_opened(self) -> None:
        given(task).when(decide.complete_task, COMPLETE).then_rejected(decide.TaskNotOpen)
