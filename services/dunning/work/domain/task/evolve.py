"""How each event changes a task. One case per event; no rule lives here."""

from __future__ import annotations

from typing import assert_never

from services.dunning.work.domain.task import events
from services.dunning.work.domain.task.state import Completed, NotOpened, Open, State, Withdrawn
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.TaskOpened():
            expect(state, NotOpened)
            return Open(event)
        case events.TaskCompleted():
            return Completed(
                opened=expect(state, Open).opened,
                outcome=event.outcome,
                completed_on=event.completed_on,
            )
        case events.TaskWithdrawn():
            return Withdrawn(
                opened=expect(state, Open).opened,
                reason=event.reason,
                withdrawn_on=event.withdrawn_on,
            )
        case _:
            assert_never(event)
