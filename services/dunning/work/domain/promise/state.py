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
class DayPassed:
    """Neither open any more nor ended: it is being looked at what came in time."""

    made: PromiseMade


@dataclass(frozen=True, slots=True)
class Kept:
    made: PromiseMade


@dataclass(frozen=True, slots=True)
class Broken:
    """Kept after all, if cash of a day in time is recorded later."""

    made: PromiseMade


State = NotMade | Open | DayPassed | Kept | Broken

NOT_MADE: Final[State] = NotMade()
