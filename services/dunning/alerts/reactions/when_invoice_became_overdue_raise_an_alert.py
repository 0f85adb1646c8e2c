"""When an invoice became overdue, or more so, an alert says it: one for each threshold crossed.

Of several crossings that come together only the last is raised; the case says that the others were
passed over. What was before the book was taken over, or is settled by now, raises none.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.accounts.domain.account_facts import AccountFacts
from services.dunning.accounts.domain.grades import grade_seen
from services.dunning.alerts.domain.overdue_alert.commands import RaiseAlert
from services.dunning.alerts.domain.overdue_alert.decide import alert_id
from services.dunning.alerts.domain.overdue_alert.events import AlertAccount
from services.dunning.contract.inbox import InvoiceBecameOverdue, InvoiceDaysPastDueReached
from services.dunning.strategies.domain.dunning_plan import POLICY_VERSION
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded

HEARS = (InvoiceBecameOverdue, InvoiceDaysPastDueReached)
NEEDS = ("account_facts",)


def react(
    recorded: Recorded[InvoiceBecameOverdue | InvoiceDaysPastDueReached], facts: AccountFacts
) -> Sequence[RaiseAlert]:
    event = recorded.event
    latest = max(event.latest_threshold_days, facts.latest_step or 0)
    is_history = facts.is_history(recorded.effective_on)
    if event.threshold_days < latest or is_history or facts.is_settled:
        return []
    return [
        RaiseAlert(
            book=Book(recorded.tenant_id, recorded.legal_entity),
            alert_id=alert_id(recorded.id, event.threshold_days, POLICY_VERSION),
            account=AlertAccount(
                id=event.account_id,
                legal_entity=recorded.legal_entity,
                number=event.account_number,
            ),
            time_zone=facts.time_zone,
            open_item_id=event.open_item_id,
            invoice_number=event.number,
            installment=event.installment,
            due_on=event.due_on,
            threshold_days=event.threshold_days,
            grade=grade_seen(facts.grades, recorded.effective_on),
            collector_id=facts.collector_id,
            open_amount=event.open_amount,
            policy_version=POLICY_VERSION,
        )
    ]
