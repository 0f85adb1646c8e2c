"""How events change an invoice. Refuses nothing; a misfit is corrupt history."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from services.ledger.receivables.domain.invoice import events
from services.ledger.receivables.domain.invoice.state import (
    Canceled,
    Facts,
    NotIssued,
    Open,
    Settled,
    State,
)
from shared.kernel.decider import CorruptHistory, expect
from shared.kernel.money import Money


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.InvoiceIssued():
            expect(state, NotIssued)
            return _issued(event)
        case events.InvoicePaymentApplied():
            return replace(expect(state, Open), open_amount=event.open_amount)
        case events.InvoiceSettled():
            found = expect(state, Open)
            return Settled(
                facts=found.facts,
                movable_from=found.movable_from,
                taken_back=Money.zero(found.facts.total.currency),
            )
        case events.InvoicePaymentUnapplied():
            return _unapplied(state, event)
        case events.InvoiceReopened():
            settled = expect(state, Settled)
            return Open(
                facts=settled.facts,
                open_amount=event.open_amount,
                since_on=event.reopened_on,
                recorded_on=event.recorded_on,
                movable_from=settled.movable_from,
            )
        case events.InvoiceCanceled():
            return Canceled(facts=expect(state, Open).facts)
        case (
            events.InvoiceDueDateApproached()
            | events.InvoiceBecameOverdue()
            | events.InvoiceDaysPastDueReached()
        ):
            found = expect(state, Open)
            return replace(found, reached=found.reached | {event.threshold_days})
        case events.InvoiceOverdueCured():
            return state  # What ended it came before: nothing is waiting any more.
        case _:
            assert_never(event)


def _issued(event: events.InvoiceIssued) -> State:
    return Open(
        facts=Facts(
            account_id=event.account_id,
            account_number=event.account_number,
            number=event.number,
            installment=event.installment,
            open_item_id=event.open_item_id,
            total=event.total,
            issued_on=event.issued_on,
            due_on=event.due_on,
            time_zone=event.time_zone,
        ),
        open_amount=event.total,
        since_on=event.issued_on,
        recorded_on=event.recorded_on,
        movable_from=event.issued_on,
    )


def _unapplied(state: State, event: events.InvoicePaymentUnapplied) -> State:
    match state:
        case Open():
            return replace(
                state,
                open_amount=event.open_amount,
                movable_from=max(state.movable_from, event.unapplied_on),
            )
        case Settled():
            return replace(
                state,
                taken_back=event.open_amount,
                movable_from=max(state.movable_from, event.unapplied_on),
            )
        case NotIssued() | Canceled():
            raise CorruptHistory(f"nothing is applied to {type(state).__name__}")
        case _:
            assert_never(state)
