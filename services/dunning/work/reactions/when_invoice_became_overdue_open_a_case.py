"""When an invoice became overdue, its item is in the account's case, which opens if it must."""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.contract.inbox import InvoiceBecameOverdue
from services.dunning.work.domain.case.commands import AddOverdueItem
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded

HEARS = InvoiceBecameOverdue


def react(recorded: Recorded[InvoiceBecameOverdue], facts: None) -> Sequence[AddOverdueItem]:
    event = recorded.event
    return [
        AddOverdueItem(
            book=Book(recorded.tenant_id, recorded.legal_entity),
            account_id=event.account_id,
            account_number=event.account_number,
            open_item_id=event.open_item_id,
            invoice_id=recorded.stream_id,
            invoice_number=event.number,
            installment=event.installment,
            due_on=event.due_on,
            open_amount=event.open_amount,
            effective_on=recorded.effective_on,
        )
    ]
