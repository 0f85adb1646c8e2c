"""Every rule a task obeys. Its number is account, currency, day and kind: so it is asked once."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.dunning.work.domain.task import commands, events
from services.dunning.work.domain.task.evolve import evolve
from services.dunning.work.domain.task.state import (
    NOT_OPENED,
    Completed,
    NotOpened,
    Open,
    State,
    Withdrawn,
)
from shared.kernel.days import day_at
from shared.kernel.decider import NOTHING, Aggregate, Decided, Rejected, Stream
from shared.kernel.rejections import EffectiveDateOutOfRange


class TaskNotOpen(Rejected):
    """Nobody opened it, or it was withdrawn."""


class TaskAlreadyCompleted(Rejected):
    """It was completed with another outcome, or on another day."""


def open_task(command: commands.OpenTask, state: State, *, now: datetime) -> Decided[events.Event]:
    """On its day or not at all: a review that comes too late is made anew.

    What nobody asks for anew is opened on any later day.
    """
    today = day_at(now, command.time_zone)
    is_late = today != command.opened_on
    if not isinstance(state, NotOpened) or (is_late and not command.may_be_late):
        return NOTHING
    opened = events.TaskOpened(
        account_id=command.account_id,
        account_number=command.account_number,
        currency=command.currency,
        kind=command.kind,
        step=command.step,
        grade=command.grade,
        opened_on=today,
        oldest_due_on=min(item.due_on for item in command.items),
        items=tuple(command.items[: events.ITEMS_MAX]),
        item_count=len(command.items),
        open_amount=command.open_amount,
    )
    return Decided(today, [opened])


def complete_task(command: commands.CompleteTask, state: State) -> Decided[events.Event]:
    match state:
        case NotOpened() | Withdrawn():
            raise TaskNotOpen
        case Completed(outcome=outcome, completed_on=on):
            if outcome != command.outcome or command.completed_on not in (None, on):
                raise TaskAlreadyCompleted
            return NOTHING
        case Open(opened):
            on = command.completed_on or command.today
            if not opened.opened_on <= on <= command.today:
                raise EffectiveDateOutOfRange("/completed_on")
            completed = events.TaskCompleted(
                account_id=opened.account_id, outcome=command.outcome, completed_on=on
            )
            return Decided(on, [completed], command.time_zone)
        case _:
            assert_never(state)


def withdraw_task(
    command: commands.WithdrawTask, state: State, *, now: datetime
) -> Decided[events.Event]:
    """Nothing is left to do; what a person has completed stays so."""
    if not isinstance(state, Open):
        return NOTHING
    today = day_at(now, command.time_zone)
    withdrawn = events.TaskWithdrawn(
        account_id=state.opened.account_id, reason=command.reason, withdrawn_on=today
    )
    return Decided(today, [withdrawn])


def account_of(event: events.Event) -> UUID:
    return event.account_id


task: Aggregate[State, events.Event] = Aggregate(
    "task", initial=NOT_OPENED, evolve=evolve, account_of=account_of
)


def task_of(opened: commands.OpenTask) -> Stream[State, events.Event]:
    """The task the command would open."""
    number = (str(opened.account_id), opened.currency, opened.opened_on.isoformat())
    return task.stream(opened.book, *number, opened.kind)
