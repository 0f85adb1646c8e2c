"""Use cases of a contact: name the stream, decide, answer. Pure; no rule lives here."""

from __future__ import annotations

from collections.abc import Mapping

from services.dunning.accounts.views.account import AccountRefView
from services.dunning.work.domain.contact import commands, decide
from services.dunning.work.domain.contact.decide import contact_stream, note_id
from services.dunning.work.domain.contact.state import Contacted
from services.dunning.work.views.work import ContactRecordedView
from shared.kernel.decider import PrivateRow, States, Work, expect, work_on
from shared.platform.codec import to_json


def record_contact(command: commands.RecordContact, note: Mapping[str, str]) -> Work:
    """Somebody tried to reach a contact person; what was said goes into the note table."""
    stream = contact_stream(command.book, command.number)

    def answer(states: States) -> bytes:
        recorded = expect(states.of(stream), Contacted).recorded
        view = ContactRecordedView(
            id=stream.id,
            version=states.version(stream),
            account=AccountRefView(
                id=recorded.account_id,
                legal_entity=states.legal_entity(stream),
                number=recorded.account_number,
            ),
            number=recorded.number,
            channel=recorded.channel,
            contacted_at=recorded.contacted_at,
            open_item_ids=list(recorded.open_item_ids),
            outcome=recorded.outcome,
            reason=recorded.reason,
            next_step=recorded.next_step,
            next_step_on=recorded.next_step_on,
        )
        return to_json(view)

    return work_on(
        stream,
        lambda state: decide.record_contact(command, state),
        answer,
        [PrivateRow("note", note_id(stream.id), note)] if note else [],
    )
