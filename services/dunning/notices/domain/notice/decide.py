"""Every rule a notice obeys: sent once per account, currency, due date, step and channel."""

from __future__ import annotations

from datetime import date
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
from shared.kernel.decider import NOTHING, Aggregate, Book, Decided, Rejected, Stream


class NoticeNotQueued(Rejected):
    """Nobody queued what was handed over."""


def queue_notice(command: commands.QueueNotice, state: State) -> Decided[events.Event]:
    if not isinstance(state, NotQueued):
        return (
            NOTHING  # A second item of the same account, due date and step is on the same notice.
        )
    queued = events.NoticeQueued(
        account_id=command.account_id,
        account_number=command.account_number,
        due_on=command.due_on,
        step=command.step,
        channel=command.channel,
        template=command.template,
        grade=command.grade,
        currency=command.currency,
        items=tuple(command.items),
    )
    return Decided(command.effective_on, [queued])


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


def notice_stream(
    book: Book, *, account_id: UUID, currency: str, due_on: date, step: int, channel: str
) -> Stream[State, events.Event]:
    return notice.stream(book, str(account_id), currency, due_on.isoformat(), str(step), channel)
