"""Use cases of an invoice alone. It is issued in `cash`, with what was paid of it."""

from __future__ import annotations

from services.ledger.receivables.domain.invoice import commands, decide
from services.ledger.receivables.domain.invoice.decide import invoice
from services.ledger.receivables.domain.invoice.state import State
from shared.kernel.decider import Work, work_on


def cancel(command: commands.CancelInvoice) -> Work[State]:
    return work_on(
        invoice.existing(command.invoice_id), lambda state: decide.cancel(command, state)
    )
