"""The commands given to an account: one customer in one legal entity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.kernel.decider import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount:
    book: Book
    number: str
    collector_id: UUID | None
    now: datetime


Command = OpenAccount
