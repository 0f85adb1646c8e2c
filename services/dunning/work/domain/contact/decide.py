"""Every rule a contact obeys: recorded once, after it happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from services.dunning.work.domain.contact import commands, events
from services.dunning.work.domain.contact.evolve import evolve
from services.dunning.work.domain.contact.state import NOT_RECORDED, NotRecorded, State
from shared.kernel.decider import Aggregate, Book, Decided, Rejected, Stream
from shared.kernel.ids import derived
from shared.kernel.rejections import EffectiveDateOutOfRange, NumberAlreadyUsed

CLOCKS_APART_MAX: Final = timedelta(minutes=5)  # The caller's clock may be ahead of ours.


class UnknownOpenItem(Rejected):
    """Not an open item of this account."""


def record_contact(command: commands.RecordContact, state: State) -> Decided[events.Event]:
    if not isinstance(state, NotRecorded):
        raise NumberAlreadyUsed("/number")
    if command.contacted_at > command.now + CLOCKS_APART_MAX:
        raise EffectiveDateOutOfRange("/contacted_at")
    if command.next_step_on is not None and command.next_step_on < command.effective_on:
        raise EffectiveDateOutOfRange("/next_step_on")
    for place, open_item_id in enumerate(command.open_item_ids):
        if open_item_id not in command.known_open_item_ids:
            raise UnknownOpenItem(f"/open_item_ids/{place}")
    stream = contact_stream(command.book, command.number)
    return Decided(
        command.effective_on,
        [
            events.ContactRecorded(
                account_id=command.account_id,
                account_number=command.account_number,
                number=command.number,
                channel=command.channel,
                contacted_at=command.contacted_at,
                open_item_ids=tuple(command.open_item_ids),
                outcome=command.outcome,
                reason=command.reason,
                next_step=command.next_step,
                next_step_on=command.next_step_on,
                note_id=note_id(stream.id) if command.has_note else None,
            )
        ],
        happened_at=command.contacted_at,
    )


def account_of(event: events.Event) -> UUID:
    return event.account_id


contact: Aggregate[State, events.Event] = Aggregate(
    "contact", initial=NOT_RECORDED, evolve=evolve, account_of=account_of
)


def contact_stream(book: Book, number: str) -> Stream[State, events.Event]:
    return contact.stream(book, number)


def note_id(stream: UUID) -> UUID:
    return derived(stream, "note")
