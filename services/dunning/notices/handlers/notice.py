"""Use cases of a notice: name the stream and what is decided. Pure; no rule lives here."""

from __future__ import annotations

from services.dunning.notices.domain.notice import commands, decide
from services.dunning.notices.domain.notice.decide import notice, notice_of
from services.dunning.notices.domain.notice.state import State
from shared.kernel.decider import Work, work_now, work_on


def queue_notice(command: commands.QueueNotice) -> Work[State]:
    """Somebody must be reminded."""
    return work_now(
        notice_of(command), lambda state, now: decide.queue_notice(command, state, now=now)
    )


def accept_notice(command: commands.AcceptNotice) -> Work[State]:
    """The adapter has it."""
    stream = notice.existing(command.notice_id)
    return work_on(stream, lambda state: decide.accept_notice(command, state))
