"""The commands given to an account: one customer in one legal entity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.kernel.decider import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount:
    book: Book
    number: str
    collector_id: UUID | None
    now: datetime


class Collector(NamedTuple):
    """Who is to collect from it; None: nobody."""

    id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDetails:
    account_id: UUID
    fields: tuple[str, ...]  # Names of what is said anew about who the customer is.
    collector: Collector | None  # None: stays.
    now: datetime


Command = OpenAccount | ChangeDetails
