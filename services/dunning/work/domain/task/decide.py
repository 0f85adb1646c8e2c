"""Every rule a task obeys. Its number is account, due date, step and kind: so it is asked once."""

from __future__ import annotations

from datetime import date
from typing import assert_never
from uuid import UUID

from services.dunning.work.domain.task import commands, events
from services.dunning.work.domain.task.evolve import evolve
from services.dunning.work.domain.task.state import NOT_OPENED, Completed, NotOpened, Open, State
from shared.kernel.decider import NOTHING, Aggregate, Book, Decided, Rejected, Stream
from shared.kernel.rejections import EffectiveDateOutOfRange


class TaskNotOpen(Rejected):
    """Nobody opened it."""


def open_task(command: commands.OpenTask, state: State) -> Decided[events.Event]:
    if not isinstance(state, NotOpened):
        return NOTHING  # A second item of the same account, due date and step is in the same task.
    return Decided(
        command.effective_on,
        [
            events.TaskOpened(
                account_id=command.account_id,
                account_number=command.account_number,
                due_on=command.due_on,
                step=command.step,
                kind=command.kind,
                grade=command.grade,
                opened_on=command.effective_on,
                items=tuple(command.items),
            )
        ],
    )


def complete_task(command: commands.CompleteTask, state: State) -> Decided[events.Event]:
    match state:
        case NotOpened():
            raise TaskNotOpen
        case Completed():
            return NOTHING
        case Open():
            if command.completed_on > command.today:
                raise EffectiveDateOutOfRange("/completed_on")
            return Decided(
                command.completed_on,
                [
                    events.TaskCompleted(
                        account_id=state.opened.account_id,
                        outcome=command.outcome,
                        completed_on=command.completed_on,
                    )
                ],
                command.time_zone,
            )
        case _:
            assert_never(state)


def account_of(event: events.Event) -> UUID:
    return event.account_id


task: Aggregate[State, events.Event] = Aggregate(
    "task", initial=NOT_OPENED, evolve=evolve, account_of=account_of
)


def task_stream(
    book: Book, *, account_id: UUID, due_on: date, step: int, kind: str
) -> Stream[State, events.Event]:
    return task.stream(book, str(account_id), due_on.isoformat(), str(step), kind)
