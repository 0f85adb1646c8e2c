"""Use cases of an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.ledger.customers.domain.account import commands, decide
from services.ledger.customers.domain.account.state import Opened
from services.ledger.customers.domain.legal_entity.decide import legal_entity
from shared.kernel.days import day_at
from shared.kernel.decider import AnyChange, PrivateRow, States, Work, changed, expect
from shared.platform.codec import to_json


def open_account(command: commands.OpenAccount, party: Mapping[str, str]) -> Work:
    """`party` is who the customer is; it goes into the party table only, and into no event."""
    stream = decide.account.stream(command.book, command.number)
    entity = legal_entity.stream(command.book, command.book.legal_entity)

    def decided(states: States) -> Sequence[AnyChange]:
        opened = decide.open_account(
            command, states.of(stream), account_id=stream.id, entity=states.of(entity)
        )
        return [changed(stream, opened)]

    def answer(states: States) -> bytes:
        found = expect(states.of(stream), Opened)
        return to_json(
            {
                "id": stream.id,
                "version": states.version(stream),
                "legal_entity": found.legal_entity,
                "number": found.number,
                "time_zone": found.time_zone,
                "currency": found.currency,
                "collector_id": found.collector_id,
                "opened_on": day_at(command.now, found.time_zone),
            }
        )

    row = PrivateRow("party", decide.party_of(stream.id), party)
    return Work([stream, entity], decided, answer, private=[row])
