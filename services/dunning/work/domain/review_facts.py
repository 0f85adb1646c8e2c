"""What a review of a case sees: the rules' facts, and what is taken over of a former book. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.dunning.strategies.domain.review import ReviewFacts
from services.dunning.work.domain.case.commands import CaseItem
from services.dunning.work.domain.case.events import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStep:
    """The last threshold an item had reached before the book was taken over."""

    step: Step
    owed: CaseItem | None  # None: it is not overdue any more, or was taken over already.


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    rules: ReviewFacts
    history: Sequence[HistoryStep]
    take_over_on: date | None
    collector_id: UUID | None
    is_cut: bool  # There was more than one review takes.

    @property
    def is_taken_over(self) -> bool:
        """Whether the book is Duebook's on the day of the review."""
        return self.take_over_on is None or self.take_over_on <= self.rules.today
