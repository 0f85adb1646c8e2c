"""Every rule a promise obeys: a positive amount by a day, kept by what came in time, or broken.

What came in time is worked out in `../promise_keeping.py`, of all the account's promises at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

from services.dunning.work.domain.entry_days import AGO_MAX, AHEAD_MAX
from services.dunning.work.domain.promise import commands, events
from services.dunning.work.domain.promise.evolve import evolve
from services.dunning.work.domain.promise.state import (
    NOT_MADE,
    Broken,
    DayPassed,
    Kept,
    NotMade,
    Open,
    State,
)
from services.dunning.work.domain.promise.timers import EndOfPromisedDay, on_timer, timers
from shared.kernel.days import day_at
from shared.kernel.decider import NOTHING, Aggregate, Book, Decided, Rejected, Stream
from shared.kernel.ids import derived
from shared.kernel.money import Money
from shared.kernel.rejections import (
    AmountNotPositive,
    CurrencyMismatch,
    EffectiveDateOutOfRange,
    NumberAlreadyUsed,
)


class PromisedDateIsPast(Rejected):
    """A promise is about a day to come, and about none before it was made."""


class PromisedDateTooFar(Rejected):
    """A promise is about a day within 366 days of the day it was made."""


class PromiseNotMade(Rejected):
    """Nobody made what should be kept."""


def make_promise(command: commands.MakePromise, state: State) -> Decided[events.Event]:
    if not isinstance(state, NotMade):
        raise NumberAlreadyUsed("/number")
    if command.amount.currency != command.account_currency:
        raise CurrencyMismatch("/amount/currency")
    if command.amount.minor <= 0:
        raise AmountNotPositive("/amount/amount")
    if not command.today - AGO_MAX <= command.made_on <= command.today:
        raise EffectiveDateOutOfRange("/made_on")
    if command.promised_on < command.made_on:
        raise PromisedDateIsPast("/promised_on")
    if command.promised_on > command.made_on + AHEAD_MAX:
        raise PromisedDateTooFar("/promised_on")
    stream = promise_stream(command.book, command.number)
    return Decided(
        command.made_on,
        [
            events.PromiseMade(
                account_id=command.account_id,
                account_number=command.account_number,
                number=command.number,
                amount=command.amount,
                promised_on=command.promised_on,
                made_on=command.made_on,
                time_zone=command.time_zone,
                note_id=note_id(stream.id) if command.has_note else None,
            )
        ],
        command.time_zone,
    )


def keep_promise(
    command: commands.KeepPromise, state: State, *, now: datetime
) -> Decided[events.Event]:
    """A broken one, too: money of a day in time may be recorded later."""
    match state:
        case NotMade():
            raise PromiseNotMade
        case Kept():
            return NOTHING
        case Open(made) | DayPassed(made) | Broken(made):
            return _kept(made, command.received, now)
        case _:
            assert_never(state)


def end_promise(
    command: commands.EndPromise, state: State, *, now: datetime
) -> Decided[events.Event]:
    """Once: whatever ended it meanwhile stays."""
    match state:
        case NotMade():
            raise PromiseNotMade
        case Open() | Kept() | Broken():
            return NOTHING
        case DayPassed(made) if command.received < made.amount:
            return _broken(made, command.received, now)
        case DayPassed(made):
            return _kept(made, command.received, now)
        case _:
            assert_never(state)


def reopen_promise(
    command: commands.ReopenPromise, state: State, *, now: datetime
) -> Decided[events.Event]:
    """Open again while its day is not over, broken when it is."""
    match state:
        case NotMade():
            raise PromiseNotMade
        case Open() | DayPassed() | Broken():
            return NOTHING
        case Kept(made) if command.received >= made.amount:
            return NOTHING
        case Kept(made) if made.promised_on < day_at(now, made.time_zone):
            return _broken(made, command.received, now)
        case Kept(made):
            reopened = events.PromiseReopened(
                account_id=made.account_id,
                received=command.received,
                missing=made.amount - command.received,
            )
            return Decided(day_at(now, made.time_zone), [reopened])
        case _:
            assert_never(state)


def _kept(made: events.PromiseMade, received: Money, now: datetime) -> Decided[events.Event]:
    if received < made.amount:
        return NOTHING
    kept = events.PromiseKept(account_id=made.account_id, received=received)
    return Decided(day_at(now, made.time_zone), [kept])


def _broken(made: events.PromiseMade, received: Money, now: datetime) -> Decided[events.Event]:
    broken = events.PromiseBroken(
        account_id=made.account_id, received=received, missing=made.amount - received
    )
    return Decided(day_at(now, made.time_zone), [broken])


def account_of(event: events.Event) -> UUID:
    return event.account_id


promise: Final[Aggregate[State, events.Event]] = Aggregate(
    "promise",
    initial=NOT_MADE,
    evolve=evolve,
    account_of=account_of,
    timers=timers,
    on_timer=on_timer,
    payloads=(EndOfPromisedDay,),
)


def promise_stream(book: Book, number: str) -> Stream[State, events.Event]:
    return promise.stream(book, number)


def note_id(stream: UUID) -> UUID:
    return derived(stream, "note")
