"""Every rule a promise obeys: a positive amount by a day not yet gone, kept once."""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

from services.dunning.work.domain.promise import commands, events
from services.dunning.work.domain.promise.evolve import evolve
from services.dunning.work.domain.promise.state import (
    NOT_MADE,
    Kept,
    NotMade,
    Open,
    State,
)
from shared.kernel.decider import NOTHING, Aggregate, Book, Decided, Rejected, Stream
from shared.kernel.ids import derived
from shared.kernel.rejections import (
    AmountNotPositive,
    CurrencyMismatch,
    EffectiveDateOutOfRange,
    NumberAlreadyUsed,
)


class PromisedDateIsPast(Rejected):
    """A promise is about a day to come, and about none before it was made."""


class PromiseNotMade(Rejected):
    """Nobody made what should be kept."""


def make_promise(command: commands.MakePromise, state: State) -> Decided[events.Event]:
    if not isinstance(state, NotMade):
        raise NumberAlreadyUsed("/number")
    if command.amount.currency != command.account_currency:
        raise CurrencyMismatch("/amount/currency")
    if command.amount.minor <= 0:
        raise AmountNotPositive("/amount/amount")
    if command.made_on > command.today:
        raise EffectiveDateOutOfRange("/made_on")
    if command.promised_on < command.made_on:
        raise PromisedDateIsPast("/promised_on")
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
                note_id=note_id(stream.id) if command.has_note else None,
            )
        ],
        command.time_zone,
    )


def keep_promise(command: commands.KeepPromise, state: State) -> Decided[events.Event]:
    match state:
        case NotMade():
            raise PromiseNotMade
        case Kept():
            return NOTHING
        case Open(made) if command.received >= made.amount:
            return Decided(
                command.effective_on,
                [events.PromiseKept(account_id=made.account_id, received=command.received)],
            )
        case Open():
            return NOTHING
        case _:
            assert_never(state)


def account_of(event: events.Event) -> UUID:
    return event.account_id


promise: Aggregate[State, events.Event] = Aggregate(
    "promise", initial=NOT_MADE, evolve=evolve, account_of=account_of
)


def promise_stream(book: Book, number: str) -> Stream[State, events.Event]:
    return promise.stream(book, number)


def note_id(stream: UUID) -> UUID:
    return derived(stream, "note")
