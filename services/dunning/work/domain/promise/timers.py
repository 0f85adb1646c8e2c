"""When the day of a promise is over: what waits, and what is decided when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.dunning.work.domain.promise import events
from services.dunning.work.domain.promise.state import Open, State
from shared.kernel.days import day_at, start_of_day
from shared.kernel.decider import NOTHING, Decided, Due, Timer

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EndOfPromisedDay:
    """The day is over: what came in time is looked at."""


def timers(state: State) -> Sequence[Timer]:
    """An open promise waits until the day after it begins, where the account is."""
    if not isinstance(state, Open):
        return ()
    made = state.made
    return [Timer.of(EndOfPromisedDay(), start_of_day(made.promised_on + DAY, made.time_zone))]


def on_timer(payload: EndOfPromisedDay, state: State, due: Due) -> Decided[events.Event]:
    """It says that the day is over; what came in time is no fact of this stream."""
    if not isinstance(state, Open):
        return NOTHING
    passed = events.PromiseDayPassed(account_id=state.made.account_id)
    return Decided(day_at(due.now, state.made.time_zone), [passed])
