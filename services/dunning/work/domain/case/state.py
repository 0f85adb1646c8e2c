"""What a case is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from services.dunning.strategies.domain.review import LastNotice
from shared.kernel.id_sets import NO_IDS, IdSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Whose case it is, as the steps that were reached say it."""

    account_id: UUID
    account_number: str
    currency: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What waits to be decided about, and when."""

    customer: Customer | None = None  # None: no step was ever reached.
    waiting: IdSet = NO_IDS  # The crossings that reached a step.
    review_at: datetime | None = None
    is_postponed: bool = False  # Once, so that it is made at last.
    is_under_review: bool = False
    last_notice: LastNotice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOpen:
    """Never opened, or closed: both wait for the next overdue item."""

    plan: Plan = field(default_factory=Plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    plan: Plan = field(default_factory=Plan)
    open_item_ids: IdSet = NO_IDS


State = NotOpen | Open

NOT_OPEN: Final[State] = NotOpen()
