"""Use cases of a case: name the stream and what is decided. Pure; no rule lives here."""

from __future__ import annotations

from services.dunning.work.domain.case import commands, decide
from services.dunning.work.domain.case.decide import case
from services.dunning.work.domain.case.state import State
from shared.kernel.decider import Work, work_on


def add_overdue_item(command: commands.AddOverdueItem) -> Work[State]:
    """An item of the account is overdue: into the case, which opens if it must."""
    stream = case.stream(command.book, str(command.account_id), command.open_amount.currency)
    return work_on(stream, lambda state: decide.add_overdue_item(command, state))


def remove_cured_item(command: commands.RemoveCuredItem) -> Work[State]:
    """An item is no longer overdue: out of the case, which closes with its last."""
    stream = case.stream(command.book, str(command.account_id), command.currency)
    return work_on(stream, lambda state: decide.remove_cured_item(command, state))
