"""What a notice is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NotQueued:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    account_id: UUID
    channel: str


@dataclass(frozen=True, slots=True)
class Accepted:
    pass


State = NotQueued | Queued | Accepted

NOT_QUEUED: Final[State] = NotQueued()
