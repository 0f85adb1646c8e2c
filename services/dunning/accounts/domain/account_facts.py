"""What dunning knows of an account when it reacts; seen, put into the event, never asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.dunning.accounts.domain.grades import GradeOnDay


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    time_zone: str
    take_over_on: date | None  # Of its legal entity: what is before it is history.
    collector_id: UUID | None
    grades: Sequence[GradeOnDay]
    latest_step: int | None  # The highest threshold the item in question has reached by now.
    is_settled: bool  # Nothing is open of that item any more.

    def is_history(self, reached_on: date) -> bool:
        return self.take_over_on is not None and reached_on < self.take_over_on
