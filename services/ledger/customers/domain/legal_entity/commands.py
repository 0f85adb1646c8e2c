"""The commands given to a legal entity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.kernel.decider import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterLegalEntity:
    book: Book  # Its own code is the book's.
    name: str
    time_zone: str  # IANA name; says when its days begin.
    currency: str
    now: datetime


Command = RegisterLegalEntity
