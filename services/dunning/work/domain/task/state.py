"""What a task is, reduced to what decisions and answers need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from services.dunning.work.domain.task.events import TaskOpened


@dataclass(frozen=True, slots=True)
class NotOpened:
    pass


@dataclass(frozen=True, slots=True)
class Open:
    opened: TaskOpened


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    opened: TaskOpened
    outcome: str
    completed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    opened: TaskOpened
    reason: str
    withdrawn_on: date


State = NotOpened | Open | Completed | Withdrawn

NOT_OPENED: Final[State] = NotOpened()
