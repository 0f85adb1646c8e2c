"""Use cases of a legal entity."""

from __future__ import annotations

from services.ledger.customers.domain.legal_entity import commands, decide
from services.ledger.customers.domain.legal_entity.state import Registered
from services.ledger.customers.views.legal_entity import of_state
from shared.kernel.days import day_at
from shared.kernel.decider import States, Work, expect, work_on
from shared.platform.codec import to_json


def register(command: commands.RegisterLegalEntity) -> Work:
    stream = decide.legal_entity.stream(command.book, command.book.legal_entity)

    def answer(states: States) -> bytes:
        found = expect(states.of(stream), Registered)
        registered_on = day_at(command.now, found.time_zone)
        return to_json(of_state(stream.id, states.version(stream), found, registered_on))

    return work_on(stream, lambda state: decide.register(command, state), answer)
