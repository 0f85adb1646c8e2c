"""How events change a payment. Refuses nothing; a misfit is corrupt history."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from services.ledger.cash.domain.payment import events
from services.ledger.cash.domain.payment.state import (
    Facts,
    Given,
    NotReceived,
    Received,
    Reversed,
    State,
)
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.PaymentReceived():
            expect(state, NotReceived)
            return Received(
                facts=Facts(
                    account_id=event.account_id,
                    account_number=event.account_number,
                    number=event.number,
                    amount=event.amount,
                    value_on=event.value_on,
                    method=event.method,
                    reference=event.reference,
                    open_item_id=event.open_item_id,
                    time_zone=event.time_zone,
                ),
                unallocated=event.amount,
                given=(),
                moved_on=event.value_on,
            )
        case events.PaymentAllocated():
            found = expect(state, Received)
            given = [Given(each, event.allocated_on) for each in event.allocations]
            return replace(
                found,
                unallocated=event.unallocated_amount,
                given=(*found.given, *given),
                moved_on=max(found.moved_on, event.allocated_on),
            )
        case events.PaymentReversed():
            return Reversed(
                facts=expect(state, Received).facts,
                reason=event.reason,
                reversed_on=event.reversed_on,
            )
        case _:
            assert_never(event)
