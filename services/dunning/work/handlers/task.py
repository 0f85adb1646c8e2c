"""Use cases of a task: name the stream and what is decided. Pure; no rule lives here."""

from __future__ import annotations

from services.dunning.work.domain.task import commands, decide
from services.dunning.work.domain.task.decide import task, task_stream
from services.dunning.work.domain.task.state import State
from shared.kernel.decider import Work, work_on


def open_task(command: commands.OpenTask) -> Work[State]:
    """Somebody must do something."""
    stream = task_stream(
        command.book,
        account_id=command.account_id,
        currency=command.currency,
        due_on=command.due_on,
        step=command.step,
        kind=command.kind,
    )
    return work_on(stream, lambda state: decide.open_task(command, state))


def complete_task(command: commands.CompleteTask) -> Work[State]:
    """It was done."""
    return work_on(
        task.existing(command.task_id), lambda state: decide.complete_task(command, state)
    )
