"""How each event changes a promise. One case per event; no rule lives here."""

from __future__ import annotations

from typing import assert_never

from services.dunning.work.domain.promise import events
from services.dunning.work.domain.promise.state import (
    Broken,
    DayPassed,
    Kept,
    NotMade,
    Open,
    State,
)
from shared.kernel.decider import CorruptHistory, expect


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.PromiseMade():
            expect(state, NotMade)
            return Open(event)
        case events.PromiseDayPassed():
            return DayPassed(expect(state, Open).made)
        case events.PromiseKept():
            return Kept(_made(state))
        case events.PromiseBroken():
            return Broken(_made(state))
        case events.PromiseReopened():
            return Open(expect(state, Kept).made)
        case _:
            assert_never(event)


def _made(state: State) -> events.PromiseMade:
    if isinstance(state, NotMade):
        raise CorruptHistory("a promise ended that was never made")
    return state.made
