"""Use cases of a legal entity."""

from __future__ import annotations

from services.ledger.customers.domain.legal_entity import commands, decide
from services.ledger.customers.domain.legal_entity.state import State
from shared.kernel.decider import Work, work_on


def register(command: commands.RegisterLegalEntity) -> Work[State]:
    stream = decide.legal_entity.stream(command.book, command.book.legal_entity)
    return work_on(stream, lambda state: decide.register(command, state))


def change_take_over_date(command: commands.ChangeTakeOverDate) -> Work[State]:
    stream = decide.legal_entity.existing(command.legal_entity_id)
    return work_on(stream, lambda state: decide.change_take_over_date(command, state))
