"""How events change an invoice. Refuses nothing; a misfit is corrupt history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, assert_never

from services.ledger.receivables.domain.invoice import events
from services.ledger.receivables.domain.invoice.state import (
    Canceled,
    Facts,
    Item,
    NotIssued,
    Open,
    Settled,
    State,
)
from shared.kernel.decider import CorruptHistory, expect
from shared.kernel.money import Money

S = TypeVar("S", Open, Settled)


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.InvoiceIssued():
            expect(state, NotIssued)
            return _issued(event)
        case events.InvoicePaymentApplied():
            return _changed(expect(state, Open), event, lambda item: _left(item, event))
        case events.InvoiceSettled():
            found = expect(state, Open)
            return Settled(facts=found.facts, items=found.items, movable_from=found.movable_from)
        case events.InvoicePaymentUnapplied():
            return _unapplied(state, event)
        case events.InvoiceReopened():
            settled = expect(state, Settled)
            return Open(facts=settled.facts, items=settled.items, movable_from=settled.movable_from)
        case events.InvoiceCanceled(canceled_on=on):
            found = expect(state, Open)
            nothing = Money.zero(found.facts.total.currency)
            items = tuple(replace(item, open_amount=nothing) for item in found.items)
            return Canceled(facts=found.facts, canceled_on=on, items=items)
        case (
            events.InvoiceDueDateApproached()
            | events.InvoiceBecameOverdue()
            | events.InvoiceDaysPastDueReached()
        ):
            reached = event.threshold_days
            return _changed(
                expect(state, Open),
                event,
                lambda item: replace(item, reached=item.reached | {reached}),
            )
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
            total=event.total,
            issued_on=event.issued_on,
            time_zone=event.time_zone,
            terms=event.terms,
            thresholds=event.thresholds,
        ),
        items=tuple(
            Item(
                agreed=each,
                open_amount=each.amount,
                since_on=event.issued_on,
                recorded_on=event.recorded_on,
            )
            for each in event.installments
        ),
        movable_from=event.issued_on,
    )


def _unapplied(state: State, event: events.InvoicePaymentUnapplied) -> State:
    """An item that was paid in full is open anew, and reaches its thresholds anew."""

    def given_back(item: Item) -> Item:
        if item.open_amount.minor:
            return _left(item, event)
        return replace(
            _left(item, event),
            since_on=event.unapplied_on,
            reopened_on=event.unapplied_on,
            recorded_on=event.recorded_on,
            reached=frozenset(),
        )

    match state:
        case Open():
            return _changed(_dated(state, event), event, given_back)
        case Settled():
            return _changed(_dated(state, event), event, given_back)
        case NotIssued() | Canceled():
            raise CorruptHistory(f"nothing is applied to {type(state).__name__}")
        case _:
            assert_never(state)


def _dated(state: S, event: events.InvoicePaymentUnapplied) -> S:
    return replace(state, movable_from=max(state.movable_from, event.unapplied_on))


def _changed(state: S, event: events.OfInstallment, change: Callable[[Item], Item]) -> S:
    items = [
        change(item) if item.agreed.installment == event.installment else item
        for item in state.items
    ]
    if all(item.agreed.installment != event.installment for item in items):
        raise CorruptHistory(f"there is no installment {event.installment}")
    return replace(state, items=tuple(items))


def _left(item: Item, event: events.OfInstallment) -> Item:
    return replace(item, open_amount=event.open_amount)
