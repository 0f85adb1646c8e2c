"""Use cases of a task: name the stream, decide, answer. Pure; no rule lives here."""

from __future__ import annotations

from services.dunning.work.domain.task import commands, decide
from services.dunning.work.domain.task.decide import task, task_stream
from services.dunning.work.domain.task.state import Completed
from services.dunning.work.views.work import TaskCompletedView
from shared.kernel.decider import States, Work, expect, work_on
from shared.platform.codec import to_json


def open_task(command: commands.OpenTask) -> Work:
    """Somebody must do something."""
    stream = task_stream(
        command.book,
        account_id=command.account_id,
        due_on=command.due_on,
        step=command.step,
        kind=command.kind,
    )
    return work_on(stream, lambda state: decide.open_task(command, state))


def complete_task(command: commands.CompleteTask) -> Work:
    """It was done."""
    stream = task.existing(command.task_id)

    def answer(states: States) -> bytes:
        done = expect(states.of(stream), Completed)
        view = TaskCompletedView(
            id=stream.id,
            version=states.version(stream),
            account_id=done.account_id,
            kind=done.kind,
            due_on=done.due_on,
            step=done.step,
            status="completed",
            outcome=done.outcome,
            completed_on=done.completed_on,
        )
        return to_json(view)

    return work_on(
        stream,
        lambda state: decide.complete_task(command, state),
        answer,
    )
