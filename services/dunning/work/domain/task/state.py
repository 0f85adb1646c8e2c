"""What a task is, reduced to what decisions and answers need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NotOpened:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    account_id: UUID
    kind: str
    due_on: date
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    account_id: UUID
    kind: str
    due_on: date
    step: int
    outcome: str
    completed_on: date


State = NotOpened | Open | Completed

NOT_OPENED: Final[State] = NotOpened()
