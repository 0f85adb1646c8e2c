"""What a credit line is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True)
class NoLimit:
    pass


@dataclass(frozen=True, slots=True)
class Limited:
    limit: Money


State = NoLimit | Limited

NO_LIMIT: Final[State] = NoLimit()
