"""When a threshold was reached, notices and tasks of the plan follow, by due date and currency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from services.dunning.accounts.domain.account_facts import AccountFacts
from services.dunning.accounts.domain.grades import grade_seen
from services.dunning.accounts.domain.listed_item import ListedItem, to_list
from services.dunning.contract.inbox import (
    Crossing,
    InvoiceBecameOverdue,
    InvoiceDaysPastDueReached,
    InvoiceDueDateApproached,
)
from services.dunning.notices.domain.notice.commands import QueueNotice
from services.dunning.strategies.domain.dunning_plan import Action, AskSomebody, SendNotice, actions
from services.dunning.work.domain.task.commands import OpenTask
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded

HEARS = (InvoiceDueDateApproached, InvoiceBecameOverdue, InvoiceDaysPastDueReached)
NEEDS = ("account_facts",)


def react(recorded: Recorded[Crossing], facts: AccountFacts) -> Sequence[QueueNotice | OpenTask]:
    event = recorded.event
    grade = grade_seen(facts.grades, recorded.effective_on)
    reached = ListedItem(
        open_item_id=event.open_item_id,
        invoice_number=event.number,
        installment=event.installment,
        due_on=event.due_on,
        open_amount=event.open_amount,
    )
    items = to_list(reached, facts.items, recorded.effective_on)
    if not items:
        return []
    return [
        _command(recorded, grade, items, action) for action in actions(grade, event.threshold_days)
    ]


def _command(
    recorded: Recorded[Crossing], grade: str, items: Sequence[ListedItem], action: Action
) -> QueueNotice | OpenTask:
    event = recorded.event
    book = Book(recorded.tenant_id, recorded.legal_entity)
    match action:
        case SendNotice():
            return QueueNotice(
                book=book,
                account_id=event.account_id,
                account_number=event.account_number,
                due_on=event.due_on,
                step=event.threshold_days,
                channel=action.channel,
                template=action.template,
                grade=grade,
                currency=event.open_amount.currency,
                items=items,
                effective_on=recorded.effective_on,
            )
        case AskSomebody():
            return OpenTask(
                book=book,
                account_id=event.account_id,
                account_number=event.account_number,
                due_on=event.due_on,
                step=event.threshold_days,
                kind=action.kind,
                grade=grade,
                currency=event.open_amount.currency,
                items=items,
                effective_on=recorded.effective_on,
            )
        case _:
            assert_never(action)
