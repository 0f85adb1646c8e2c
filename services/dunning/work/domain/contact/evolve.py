"""How each event changes a contact. No rule lives here."""

from __future__ import annotations

from services.dunning.work.domain.contact import events
from services.dunning.work.domain.contact.state import Contacted, NotRecorded, State
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    expect(state, NotRecorded)
    return Contacted(event)
