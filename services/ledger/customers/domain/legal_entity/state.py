"""What a legal entity is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True)
class NotRegistered:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    code: str
    name: str
    time_zone: str
    currency: str
    registered_on: date
    take_over_on: date | None
    notice_minimum: Money
    address: str | None


State = NotRegistered | Registered

NOT_REGISTERED: Final[State] = NotRegistered()
