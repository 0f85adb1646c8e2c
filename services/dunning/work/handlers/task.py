"""Use cases of a task: name the stream and what is decided. Pure; no rule lives here."""

from __future__ import annotations

from services.dunning.work.domain.task import commands, decide
from services.dunning.work.domain.task.decide import task, task_of
from services.dunning.work.domain.task.state import State
from shared.kernel.decider import Work, work_now, work_on


def open_task(command: commands.OpenTask) -> Work[State]:
    """Somebody must do something."""
    return work_now(task_of(command), lambda state, now: decide.open_task(command, state, now=now))


def complete_task(command: commands.CompleteTask) -> Work[State]:
    """It was done."""
    stream = task.existing(command.task_id)
    return work_on(stream, lambda state: decide.complete_task(command, state))


def withdraw_task(command: commands.WithdrawTask) -> Work[State]:
    """There is no reason for it any more."""
    stream = task.existing(command.task_id)
    return work_now(stream, lambda state, now: decide.withdraw_task(command, state, now=now))
