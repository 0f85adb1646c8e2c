"""The commands given to a task: something a person does about items of one account and due date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem
from shared.kernel.decider import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    book: Book
    account_id: UUID
    account_number: str
    due_on: date
    step: int  # Threshold, days past due.
    kind: str
    grade: str
    currency: str
    items: Sequence[ListedItem]
    effective_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteTask:
    task_id: UUID
    outcome: str
    completed_on: date
    today: date
    time_zone: str  # Of the account, in which both are days.


Command = OpenTask | CompleteTask
