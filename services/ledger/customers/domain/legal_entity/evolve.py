"""How events change a legal entity. Refuses nothing; a misfit is corrupt history."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from services.ledger.customers.domain.legal_entity import events
from services.ledger.customers.domain.legal_entity.state import NotRegistered, Registered, State
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.LegalEntityRegistered():
            expect(state, NotRegistered)
            return Registered(
                code=event.code,
                name=event.name,
                time_zone=event.time_zone,
                currency=event.currency,
                registered_on=event.registered_on,
                take_over_on=event.take_over_on,
                notice_minimum=event.notice_minimum,
                address=event.address,
            )
        case events.TakeOverDateChanged():
            return replace(expect(state, Registered), take_over_on=event.take_over_on)
        case _:
            assert_never(event)
