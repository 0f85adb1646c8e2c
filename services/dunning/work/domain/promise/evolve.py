"""How each event changes a promise. One case per event; no rule lives here."""

from __future__ import annotations

from typing import assert_never

from services.dunning.work.domain.promise import events
from services.dunning.work.domain.promise.state import Kept, NotMade, Open, State
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.PromiseMade():
            expect(state, NotMade)
            return Open(event)
        case events.PromiseKept():
            return Kept(expect(state, Open).made)
        case _:
            assert_never(event)
