"""What a legal entity is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class NotRegistered:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    code: str
    name: str
    time_zone: str
    currency: str


State = NotRegistered | Registered

NOT_REGISTERED: Final[State] = NotRegistered()
