"""Use cases of an invoice. The kind of stream is an argument: its thresholds are a setting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from services.ledger.customers.domain.account.decide import account
from services.ledger.customers.domain.account.state import Opened
from services.ledger.receivables.domain.invoice import commands, decide, events
from services.ledger.receivables.domain.invoice.state import (
    Canceled,
    NotIssued,
    Open,
    Settled,
    State,
)
from shared.kernel.decider import Aggregate, AnyChange, States, Stream, Work, expect, on_day
from shared.platform.codec import to_json

Invoices: TypeAlias = Aggregate[State, events.Event]
InvoiceStream: TypeAlias = Stream[State, events.Event]


def issue(invoices: Invoices, command: commands.IssueInvoice) -> Work:
    stream = invoices.stream(command.book, command.number)
    of = account.existing(command.account_id)

    def decided(states: States) -> Sequence[AnyChange]:
        happened = decide.issue(command, states.of(stream), invoice_id=stream.id, of=states.of(of))
        zone = expect(states.of(of), Opened).time_zone
        return [on_day(stream, happened, command.issued_on, zone)]

    return Work([stream, of], decided, lambda states: to_json(shown(states, stream)))


def cancel(invoices: Invoices, command: commands.CancelInvoice) -> Work:
    stream = invoices.existing(command.invoice_id)

    def decided(states: States) -> Sequence[AnyChange]:
        state = states.of(stream)
        happened = decide.cancel(command, state)
        on = decide.canceled_on(command, state)
        return [on_day(stream, happened, on, decide.facts_of(state).time_zone)]

    return Work([stream], decided, lambda states: to_json(shown(states, stream)))


def reach_threshold(invoices: Invoices, command: commands.ReachThreshold) -> Work:
    stream = invoices.existing(command.invoice_id)

    def decided(states: States) -> Sequence[AnyChange]:
        state = states.of(stream)
        happened = decide.reach_threshold(command, state)
        on = decide.threshold_reached_on(command, state)
        return [on_day(stream, happened, on, decide.facts_of(state).time_zone)]

    return Work([stream], decided, lambda states: to_json(shown(states, stream)))


def fire(invoices: Invoices, invoice_id: UUID, timer: str, due_at: datetime) -> Work:
    """The use case a due timer asks for."""
    _, threshold, installment = timer.split("/")
    return reach_threshold(
        invoices,
        commands.ReachThreshold(
            invoice_id=invoice_id,
            installment=int(installment),
            threshold=int(threshold),
            due_at=due_at,
        ),
    )


def status_of(state: State) -> str:
    match state:
        case Open():
            return "open"
        case Settled():
            return "settled"
        case Canceled():
            return "canceled"
        case NotIssued():
            return "unknown"


def shown(states: States, stream: InvoiceStream) -> object:
    """An invoice as the answer of a command that changed it."""
    state = states.of(stream)
    facts = decide.facts_of(state)
    return {
        "id": stream.id,
        "version": states.version(stream),
        "account_id": facts.account_id,
        "number": facts.number,
        "status": status_of(state),
        "issued_on": facts.issued_on,
        "total": facts.total,
        "installments": [
            {
                "installment": facts.installment,
                "open_item_id": facts.open_item_id,
                "due_on": facts.due_on,
                "open_amount": decide.open_amount_of(state),
            }
        ],
    }
