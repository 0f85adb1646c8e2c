"""Use cases of an invoice: it is issued, it is canceled."""

from __future__ import annotations

from services.ledger.customers.domain.account.decide import account
from services.ledger.receivables.domain.invoice import commands, decide
from services.ledger.receivables.domain.invoice.decide import invoice
from services.ledger.receivables.domain.invoice.state import State
from shared.kernel.decider import Work, changed, work_on


def issue(command: commands.IssueInvoice) -> Work[State]:
    stream = invoice.stream(command.book, command.number)
    of = account.existing(command.account_id)
    return Work(
        (stream, of),
        lambda states: [
            changed(
                stream,
                decide.issue(command, states.of(stream), invoice_id=stream.id, of=states.of(of)),
            )
        ],
    )


def cancel(command: commands.CancelInvoice) -> Work[State]:
    return work_on(
        invoice.existing(command.invoice_id), lambda state: decide.cancel(command, state)
    )
