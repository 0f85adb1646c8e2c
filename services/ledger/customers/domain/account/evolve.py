"""How events change an account. Refuses nothing; a misfit is corrupt history."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from services.ledger.customers.domain.account import events
from services.ledger.customers.domain.account.state import NotOpened, Opened, State
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.AccountOpened():
            expect(state, NotOpened)
            return Opened(
                account_id=event.account_id,
                legal_entity=event.legal_entity,
                number=event.number,
                time_zone=event.time_zone,
                currency=event.currency,
                party_id=event.party_id,
                collector_id=event.collector_id,
                opened_on=event.opened_on,
            )
        case events.AccountDetailsChanged():
            return expect(state, Opened)
        case events.AccountCollectorChanged():
            return replace(expect(state, Opened), collector_id=event.collector_id)
        case _:
            assert_never(event)
