"""What a review of a case sees: the rules' facts, and what is taken over of a former book. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.dunning.strategies.domain.review import ReviewFacts
from services.dunning.work.domain.case.commands import CaseItem
from services.dunning.work.domain.case.state import StepKey


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStep:
    """The last threshold an item had reached before the book was taken over."""

    key: StepKey
    crossing_id: UUID
    owed: CaseItem | None  # None: it is not overdue any more.


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    rules: ReviewFacts
    history: Sequence[HistoryStep]
    take_over_on: date | None
    collector_id: UUID | None
    is_cut: bool  # There was more than one review takes.
