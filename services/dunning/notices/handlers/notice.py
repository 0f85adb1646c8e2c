"""Use cases of a notice: name the stream and what is decided. Pure; no rule lives here."""

from __future__ import annotations

from services.dunning.notices.domain.notice import commands, decide
from services.dunning.notices.domain.notice.decide import notice, notice_of
from services.dunning.notices.domain.notice.state import State
from shared.kernel.decider import Work, work_now


def queue_notice(command: commands.QueueNotice) -> Work[State]:
    """Somebody must be reminded."""
    return work_now(
        notice_of(command), lambda state, now: decide.queue_notice(command, state, now=now)
    )


def accept_notice(command: commands.AcceptNotice) -> Work[State]:
    """The adapter has it."""
    stream = notice.existing(command.notice_id)
    return work_now(stream, lambda state, now: decide.accept_notice(command, state, now=now))


def mark_undeliverable(command: commands.MarkUndeliverable) -> Work[State]:
    """Nobody can get it."""
    stream = notice.existing(command.notice_id)
    return work_now(stream, lambda state, now: decide.mark_undeliverable(command, state, now=now))


def mark_failed(command: commands.MarkFailed) -> Work[State]:
    """Nobody will get it."""
    stream = notice.existing(command.notice_id)
    return work_now(stream, lambda state, now: decide.mark_failed(command, state, now=now))
