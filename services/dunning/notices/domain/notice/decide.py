"""Every rule a notice obeys. Its number is account, currency, day and channel: it is sent once."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.dunning.notices.domain.notice import commands, events
from services.dunning.notices.domain.notice.evolve import evolve
from services.dunning.notices.domain.notice.state import (
    NOT_QUEUED,
    Accepted,
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
    """On its day or not at all: a review that comes too late is made anew."""
    if not isinstance(state, NotQueued) or day_at(now, command.time_zone) != command.written_on:
        return NOTHING
    queued = events.NoticeQueued(
        account_id=command.account_id,
        account_number=command.account_number,
        currency=command.currency,
        written_on=command.written_on,
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
    )
    return Decided(command.written_on, [queued])


def accept_notice(command: commands.AcceptNotice, state: State) -> Decided[events.Event]:
    match state:
        case NotQueued():
            raise NoticeNotQueued
        case Accepted():
            return NOTHING
        case Queued():
            accepted = events.NoticeAccepted(
                account_id=state.account_id,
                channel=state.channel,
                message_id=command.message_id,
            )
            return Decided(command.effective_on, [accepted])
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
