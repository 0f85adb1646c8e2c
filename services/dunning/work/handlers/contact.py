"""Use cases of a contact: name the stream and what is decided. Pure; no rule lives here."""

from __future__ import annotations

from collections.abc import Mapping

from services.dunning.work.domain.contact import commands, decide
from services.dunning.work.domain.contact.decide import contact_stream, note_id
from services.dunning.work.domain.contact.state import State
from shared.kernel.decider import PrivateRow, Work, work_on


def record_contact(command: commands.RecordContact, note: Mapping[str, str]) -> Work[State]:
    """Somebody tried to reach a contact person; what was said goes into the note table."""
    stream = contact_stream(command.book, command.number)
    return work_on(
        stream,
        lambda state: decide.record_contact(command, state),
        private=[PrivateRow("note", note_id(stream.id), note)] if note else [],
    )
