"""Use cases of a case: name the stream and what is decided. Pure; no rule lives here."""

from __future__ import annotations

from services.dunning.work.domain.case import commands, decide
from services.dunning.work.domain.case.decide import case_stream
from services.dunning.work.domain.case.state import State
from shared.kernel.decider import Work, work_now


def note_step(command: commands.NoteStep) -> Work[State]:
    """An item reached a threshold: what is done about it waits for a review."""
    stream = case_stream(
        command.book, account_id=command.account_id, currency=command.item.open_amount.currency
    )
    return work_now(stream, lambda state, now: decide.note_step(command, state, now=now))


def remove_cured_item(command: commands.RemoveCuredItem) -> Work[State]:
    """An item is no longer overdue: out of the case, which closes with its last."""
    stream = case_stream(command.book, account_id=command.account_id, currency=command.currency)
    return work_now(stream, lambda state, now: decide.remove_cured_item(command, state, now=now))


def record_review(command: commands.RecordReview) -> Work[State]:
    """What was decided about the steps that waited."""
    stream = case_stream(command.book, account_id=command.account_id, currency=command.currency)
    return work_now(stream, lambda state, now: decide.record_review(command, state, now=now))
