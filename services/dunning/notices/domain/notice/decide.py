"""Every rule a notice obeys. Its number is account, currency, day and channel: it is sent once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.dunning.notices.domain.notice import commands, events
from services.dunning.notices.domain.notice.evolve import evolve
from services.dunning.notices.domain.notice.state import (
    NOT_QUEUED,
    Ended,
    NotQueued,
    Queued,
    State,
)
from shared.kernel.days import day_at
from shared.kernel.decider import NOTHING, Aggregate, Decided, Rejected, Stream


class NoticeNotQueued(Rejected):
    """Nobody queued what was handed over."""


def queue_notice(
    command: commands.QueueNotice, state: State, *, now: datetime
) -> Decided[events.Event]:
    """On its day or not at all: a review that comes too late is made anew.

    Nobody asks anew for a letter that takes an e-mail's place, so it is written on any later day.
    """
    today = day_at(now, command.time_zone)
    is_late = today != command.written_on
    if not isinstance(state, NotQueued) or (is_late and command.instead_of is None):
        return NOTHING
    queued = events.NoticeQueued(
        account_id=command.account_id,
        account_number=command.account_number,
        time_zone=command.time_zone,
        currency=command.currency,
        written_on=today,
        step=command.step,
        channel=command.channel,
        template=command.template,
        grade=command.grade,
        items=tuple(command.items),
        part=command.part,
        parts=command.parts,
        open_amount=command.open_amount,
        unallocated=command.unallocated,
        demanded=command.demanded,
        instead_of=command.instead_of,
    )
    return Decided(today, [queued])


def accept_notice(
    command: commands.AcceptNotice, state: State, *, now: datetime
) -> Decided[events.Event]:
    def accepted(queued: Queued) -> events.Event:
        notice = queued.notice
        return events.NoticeAccepted(
            account_id=notice.account_id, channel=notice.channel, message_id=command.message_id
        )

    return _end(state, now, accepted)


def mark_undeliverable(
    command: commands.MarkUndeliverable, state: State, *, now: datetime
) -> Decided[events.Event]:
    def undeliverable(queued: Queued) -> events.Event:
        return events.NoticeUndeliverable(
            **queued.carried, reason=command.reason, letter_follows=command.letter_follows
        )

    return _end(state, now, undeliverable)


def mark_failed(
    command: commands.MarkFailed, state: State, *, now: datetime
) -> Decided[events.Event]:
    def failed(queued: Queued) -> events.Event:
        return events.NoticeFailed(**queued.carried, reason=command.reason)

    return _end(state, now, failed)


def _end(
    state: State, now: datetime, ended: Callable[[Queued], events.Event]
) -> Decided[events.Event]:
    """A notice ends once, on the day it does."""
    match state:
        case NotQueued():
            raise NoticeNotQueued
        case Ended():
            return NOTHING
        case Queued(notice):
            return Decided(day_at(now, notice.time_zone), [ended(state)])
        case _:
            assert_never(state)


def account_of(event: events.Event) -> UUID:
    return event.account_id


notice: Aggregate[State, events.Event] = Aggregate(
    "notice", initial=NOT_QUEUED, evolve=evolve, account_of=account_of
)


def notice_of(queued: commands.QueueNotice) -> Stream[State, events.Event]:
    """The notice the command would queue."""
    day, part = queued.written_on.isoformat(), str(queued.part)
    number = (str(queued.account_id), queued.currency, day, queued.channel, part)
    return notice.stream(queued.book, *number)
