"""How each event changes a task. One case per event; no rule lives here."""

from __future__ import annotations

from typing import assert_never

from services.dunning.work.domain.task import events
from services.dunning.work.domain.task.state import Completed, NotOpened, Open, State
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.TaskOpened():
            expect(state, NotOpened)
            return Open(
                account_id=event.account_id, kind=event.kind, due_on=event.due_on, step=event.step
            )
        case events.TaskCompleted():
            task = expect(state, Open)
            return Completed(
                account_id=task.account_id,
                kind=task.kind,
                due_on=task.due_on,
                step=task.step,
                outcome=event.outcome,
                completed_on=event.completed_on,
            )
        case _:
            assert_never(event)
