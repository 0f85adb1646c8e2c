"""What a credit file is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from services.credit.scorecards.domain.grade import NO_STANDING, Standing


@dataclass(frozen=True, slots=True)
class NotOpened:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    account_id: UUID
    account_number: str
    time_zone: str
    next_review_of: date  # The month end whose review waits.
    reviewed_to: date | None = None  # The last month end whose review was started.
    scored_to: date | None = None  # The last month end with a score.
    standing: Standing = NO_STANDING


State = NotOpened | Opened

NOT_OPENED: Final[State] = NotOpened()
