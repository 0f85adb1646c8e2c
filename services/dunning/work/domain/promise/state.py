"""What a promise is, reduced to what decisions and answers need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.dunning.work.domain.promise.events import PromiseMade


@dataclass(frozen=True, slots=True)
class NotMade:
    pass


@dataclass(frozen=True, slots=True)
class Open:
    made: PromiseMade


@dataclass(frozen=True, slots=True)
class Kept:
    made: PromiseMade


State = NotMade | Open | Kept

NOT_MADE: Final[State] = NotMade()
