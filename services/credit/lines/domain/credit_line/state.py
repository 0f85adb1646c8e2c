"""What a credit line is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True)
class NoLimit:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    account_id: UUID
    account_number: str
    limit: Money


State = NoLimit | Limited

NO_LIMIT: Final[State] = NoLimit()
