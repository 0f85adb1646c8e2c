"""How each event changes a case. One case per event; no rule lives here."""

from __future__ import annotations

from typing import assert_never

from services.dunning.work.domain.case import events
from services.dunning.work.domain.case.state import NOT_OPEN, NotOpen, Open, State
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.CaseOpened():
            expect(state, NotOpen)
            return Open()
        case events.OpenItemAdded():
            return Open(open_item_ids=expect(state, Open).open_item_ids | {event.open_item_id})
        case events.OpenItemRemoved():
            return Open(open_item_ids=expect(state, Open).open_item_ids - {event.open_item_id})
        case events.CaseClosed():
            expect(state, Open)
            return NOT_OPEN
        case _:
            assert_never(event)
