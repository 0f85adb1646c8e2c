"""What a case is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NotOpen:
    """Never opened, or closed: both wait for the next overdue item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    open_item_ids: frozenset[UUID] = frozenset()


State = NotOpen | Open

NOT_OPEN: Final[State] = NotOpen()
