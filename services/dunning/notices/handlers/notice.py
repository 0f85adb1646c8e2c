"""Use cases of a notice: name the stream, decide, answer. Pure; no rule lives here."""

from __future__ import annotations

from services.dunning.notices.domain.notice import commands, decide
from services.dunning.notices.domain.notice.decide import notice, notice_stream
from shared.kernel.decider import Work, changed


def queue_notice(command: commands.QueueNotice) -> Work:
    """Somebody must be reminded."""
    stream = notice_stream(
        command.book,
        account_id=command.account_id,
        due_on=command.due_on,
        step=command.step,
        channel=command.channel,
    )
    return Work(
        [stream],
        lambda states: [changed(stream, decide.queue_notice(command, states.of(stream)))],
        lambda states: b"",
    )


def accept_notice(command: commands.AcceptNotice) -> Work:
    """The adapter has it."""
    stream = notice.existing(command.notice_id)
    return Work(
        [stream],
        lambda states: [changed(stream, decide.accept_notice(command, states.of(stream)))],
        lambda states: b"",
    )
