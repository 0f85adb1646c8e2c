"""The use case of an invoice that is issued, with the payments it has got already."""

from __future__ import annotations

from collections.abc import Sequence

from services.ledger.cash.domain import settlement
from services.ledger.cash.domain.payment import commands
from services.ledger.cash.domain.payment.decide import payment
from services.ledger.customers.domain.account.decide import account
from services.ledger.receivables.domain.invoice import commands as invoice_commands
from services.ledger.receivables.domain.invoice.decide import invoice
from services.ledger.receivables.domain.invoice.state import State
from shared.kernel.decider import AnyChange, AnyStream, States, Steps, Work


def issue(
    command: invoice_commands.IssueInvoice, settlements: Sequence[commands.Settlement] = ()
) -> Work[State]:
    billed, of = invoice.stream(command.book, command.number), account.existing(command.account_id)
    paid = [payment.stream(command.book, each.payment_number) for each in settlements]
    streams = settlement.Streams(billed, of, paid)

    def decided(states: States) -> Sequence[AnyChange]:
        steps = Steps(states)
        settlement.issue(command, settlements, steps, streams)
        return steps.changes

    others: list[AnyStream] = [of, *paid]
    return Work((billed, *others), decided)
