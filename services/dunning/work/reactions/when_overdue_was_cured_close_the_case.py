"""When an overdue was cured, the item leaves the case, which closes with its last."""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.contract.inbox import InvoiceOverdueCured
from services.dunning.work.domain.case.commands import RemoveCuredItem
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded

HEARS = InvoiceOverdueCured
NEEDS = ("account_facts",)


def react(recorded: Recorded[InvoiceOverdueCured], time_zone: str) -> Sequence[RemoveCuredItem]:
    return [
        RemoveCuredItem(
            book=Book(recorded.tenant_id, recorded.legal_entity),
            account_id=recorded.event.account_id,
            time_zone=time_zone,
            currency=recorded.event.open_amount.currency,
            open_item_id=recorded.event.open_item_id,
        )
    ]
