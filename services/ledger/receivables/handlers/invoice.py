"""Use cases of an invoice: it is issued, it is canceled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from services.ledger.customers.domain.account.decide import account
from services.ledger.receivables.domain.invoice import commands, decide, events
from services.ledger.receivables.domain.invoice.decide import invoice
from services.ledger.receivables.domain.invoice.state import State
from shared.kernel.decider import AnyChange, States, Stream, Work, changed, work_on
from shared.platform.codec import to_json

InvoiceStream: TypeAlias = Stream[State, events.Event]


def issue(command: commands.IssueInvoice) -> Work:
    stream = invoice.stream(command.book, command.number)
    of = account.existing(command.account_id)

    def decided(states: States) -> Sequence[AnyChange]:
        issued = decide.issue(command, states.of(stream), invoice_id=stream.id, of=states.of(of))
        return [changed(stream, issued)]

    return Work([stream, of], decided, lambda states: to_json(shown(states, stream)))


def cancel(command: commands.CancelInvoice) -> Work:
    stream = invoice.existing(command.invoice_id)
    return work_on(
        stream,
        lambda state: decide.cancel(command, state),
        lambda states: to_json(shown(states, stream)),
    )


def shown(states: States, stream: InvoiceStream) -> object:
    """An invoice as the answer of a command that changed it."""
    state = states.of(stream)
    facts = decide.facts_of(state)
    return {
        "id": stream.id,
        "version": states.version(stream),
        "account_id": facts.account_id,
        "number": facts.number,
        "status": decide.status_of(state),
        "issued_on": facts.issued_on,
        "total": facts.total,
        "installments": [
            {
                "installment": item.agreed.installment,
                "open_item_id": item.agreed.open_item_id,
                "due_on": item.agreed.due_on,
                "open_amount": item.open_amount,
            }
            for item in decide.items_of(state)
        ],
    }
