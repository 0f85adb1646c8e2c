"""What can be asked of a task: something a person does about a customer's items in a currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem
from shared.kernel.decider import Book
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    book: Book
    account_id: UUID
    account_number: str
    time_zone: str  # Of the account, in which `opened_on` is a day.
    currency: str
    opened_on: date  # Opened on another day it would be another task.
    may_be_late: bool = False  # Nobody asks for it anew on the next day.
    kind: str
    step: int | None  # Threshold, days past due; None: it answers none.
    grade: str
    items: Sequence[ListedItem]  # The oldest first.
    open_amount: Money  # Of all items.


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteTask:
    task_id: UUID
    outcome: str
    completed_on: date | None  # None: nobody said it; today, where it is completed only now.
    today: date
    time_zone: str  # Of the account, in which both are days.


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawTask:
    task_id: UUID
    reason: str
    time_zone: str


Command = OpenTask | CompleteTask | WithdrawTask
