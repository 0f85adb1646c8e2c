"""Use cases of an invoice: it is issued, it is canceled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from services.ledger.customers.domain.account.decide import account
from services.ledger.receivables.domain.invoice import commands, decide, events
from services.ledger.receivables.domain.invoice.decide import invoice
from services.ledger.receivables.domain.invoice.state import State
from services.ledger.receivables.views.invoice import of_state
from shared.kernel.decider import AnyChange, States, Stream, Work, changed, work_on
from shared.platform.codec import to_json

InvoiceStream: TypeAlias = Stream[State, events.Event]


def issue(command: commands.IssueInvoice) -> Work:
    stream = invoice.stream(command.book, command.number)
    of = account.existing(command.account_id)

    def decided(states: States) -> Sequence[AnyChange]:
        issued = decide.issue(command, states.of(stream), invoice_id=stream.id, of=states.of(of))
        return [changed(stream, issued)]

    return Work([stream, of], decided, _answer(stream))


def cancel(command: commands.CancelInvoice) -> Work:
    stream = invoice.existing(command.invoice_id)
    return work_on(
        stream,
        lambda state: decide.cancel(command, state),
        _answer(stream),
    )


def _answer(stream: InvoiceStream) -> Callable[[States], bytes]:
    def answer(states: States) -> bytes:
        entity = states.legal_entity(stream)
        return to_json(of_state(stream.id, states.version(stream), entity, states.of(stream)))

    return answer
