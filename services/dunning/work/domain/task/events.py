"""What has happened to a task. Stored for ever: add fields, never change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOpened:
    account_id: UUID
    account_number: str
    due_on: date
    step: int
    kind: str
    grade: str
    opened_on: date
    items: tuple[ListedItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCompleted:
    account_id: UUID
    outcome: str
    completed_on: date


Event = TaskOpened | TaskCompleted
