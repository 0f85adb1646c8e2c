"""When an overdue was cured, every alert it raised recovers."""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.alerts.domain.overdue_alert.commands import RecoverAlerts
from services.dunning.contract.inbox import InvoiceOverdueCured
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded

HEARS = InvoiceOverdueCured
NEEDS = ("account_facts",)


def react(recorded: Recorded[InvoiceOverdueCured], time_zone: str) -> Sequence[RecoverAlerts]:
    return [
        RecoverAlerts(
            book=Book(recorded.tenant_id, recorded.legal_entity),
            open_item_id=recorded.event.open_item_id,
            open_amount=recorded.event.open_amount,
            time_zone=time_zone,
        )
    ]
