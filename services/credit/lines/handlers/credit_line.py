"""The use case of a credit line: its limit is set."""

from __future__ import annotations

from services.credit.lines.domain.credit_line import commands, decide
from services.credit.lines.domain.credit_line.decide import credit_line
from services.credit.lines.domain.credit_line.state import State
from shared.kernel.decider import Work, work_on


def set_limit(command: commands.SetLimit) -> Work[State]:
    stream = credit_line.stream(command.book, str(command.account_id))
    return work_on(stream, lambda state: decide.set_limit(command, state))
