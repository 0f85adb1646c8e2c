"""What an account is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NotOpened:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    account_id: UUID
    legal_entity: str
    number: str
    time_zone: str
    currency: str
    party_id: UUID
    collector_id: UUID | None
    opened_on: date


State = NotOpened | Opened

NOT_OPENED: Final[State] = NotOpened()
