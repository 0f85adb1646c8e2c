"""Use cases of a credit file: opened, scored."""

from __future__ import annotations

from services.credit.files.domain.credit_file import commands, decide
from services.credit.files.domain.credit_file.decide import credit_file
from shared.kernel.decider import Work, changed


def open_file(command: commands.OpenCreditFile) -> Work:
    stream = credit_file.stream(command.book, str(command.account_id))
    return Work(
        [stream],
        lambda states: [changed(stream, decide.open_file(command, states.of(stream)))],
        lambda states: b"",
    )


def record_score(command: commands.RecordScore) -> Work:
    stream = credit_file.existing(command.file_id)
    return Work(
        [stream],
        lambda states: [changed(stream, decide.record_score(command, states.of(stream)))],
        lambda states: b"",
    )
