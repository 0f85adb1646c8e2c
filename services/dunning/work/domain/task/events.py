"""What has happened to a task. Stored for ever: add fields, never change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem
from shared.kernel.money import Money

ITEMS_MAX: Final = 200  # items a task lists; it counts them all


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTask:
    """What every event of a task says of it."""

    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOpened(OfTask):
    account_number: str
    currency: str
    kind: str
    step: int | None  # Days past due it answers; None: it answers no threshold.
    grade: str
    opened_on: date
    oldest_due_on: date
    items: tuple[ListedItem, ...]  # The oldest ITEMS_MAX.
    item_count: int  # Of all.
    open_amount: Money  # Of all.


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCompleted(OfTask):
    outcome: str
    completed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWithdrawn(OfTask):
    """There is no reason for it any more."""

    reason: str
    withdrawn_on: date


Event = TaskOpened | TaskCompleted | TaskWithdrawn
