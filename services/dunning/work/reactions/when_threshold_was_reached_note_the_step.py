"""When a threshold was reached, the account's case notes it: a review decides what is done."""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.accounts.domain.account_facts import AccountFacts
from services.dunning.contract.inbox import (
    Crossing,
    InvoiceBecameOverdue,
    InvoiceDaysPastDueReached,
    InvoiceDueDateApproached,
)
from services.dunning.work.domain.case.commands import CaseItem, NoteStep
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded

HEARS = (InvoiceDueDateApproached, InvoiceBecameOverdue, InvoiceDaysPastDueReached)
NEEDS = ("account_facts",)


def react(recorded: Recorded[Crossing], facts: AccountFacts) -> Sequence[NoteStep]:
    event = recorded.event
    return [
        NoteStep(
            book=Book(recorded.tenant_id, recorded.legal_entity),
            account_id=event.account_id,
            account_number=event.account_number,
            time_zone=facts.time_zone,
            take_over_on=facts.take_over_on,
            item=CaseItem(
                open_item_id=event.open_item_id,
                invoice_id=recorded.stream_id,
                invoice_number=event.number,
                installment=event.installment,
                due_on=event.due_on,
                open_amount=event.open_amount,
            ),
            crossing_id=recorded.id,
            step=event.threshold_days,
            latest_step=max(event.latest_threshold_days, facts.latest_step or event.threshold_days),
            reached_on=recorded.effective_on,
            is_returned=event.reopened_on is not None,
            is_settled=facts.is_settled,
        )
    ]
