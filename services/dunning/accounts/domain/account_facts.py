"""What dunning knows of an account when it reacts; seen, put into the event, never asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.dunning.accounts.domain.grades import GradeOnDay
from services.dunning.accounts.domain.listed_item import KnownItem


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    collector_id: UUID | None
    grades: Sequence[GradeOnDay]
    items: Sequence[KnownItem]  # Of the due date in question.
