"""Use cases of a legal entity."""

from __future__ import annotations

from services.ledger.customers.domain.legal_entity import commands, decide
from services.ledger.customers.domain.legal_entity.state import Registered
from shared.kernel.decider import States, Work, expect, work_on
from shared.platform.codec import to_json


def register(command: commands.RegisterLegalEntity) -> Work:
    stream = decide.legal_entity.stream(command.book, command.book.legal_entity)

    def answer(states: States) -> bytes:
        found = expect(states.of(stream), Registered)
        return to_json(
            {
                "id": stream.id,
                "version": states.version(stream),
                "code": found.code,
                "name": found.name,
                "time_zone": found.time_zone,
                "currency": found.currency,
            }
        )

    return work_on(
        stream,
        lambda state: decide.register(command, state),
        answer,
    )
