"""Use cases of a credit file: opened, scored."""

from __future__ import annotations

from services.credit.files.domain.credit_file import commands, decide
from services.credit.files.domain.credit_file.decide import credit_file
from services.credit.files.domain.credit_file.state import State
from shared.kernel.decider import Work, work_on


def open_file(command: commands.OpenCreditFile) -> Work[State]:
    stream = credit_file.stream(command.book, str(command.account_id))
    return work_on(stream, lambda state: decide.open_file(command, state))


def record_score(command: commands.RecordScore) -> Work[State]:
    stream = credit_file.existing(command.file_id)
    return work_on(stream, lambda state: decide.record_score(command, state))
