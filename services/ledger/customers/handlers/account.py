"""Use cases of an account."""

from __future__ import annotations

from collections.abc import Mapping

from services.ledger.customers.domain.account import commands, decide
from services.ledger.customers.domain.account.state import Opened
from services.ledger.customers.domain.legal_entity.decide import legal_entity
from services.ledger.customers.views.account import of_state
from shared.kernel.decider import PrivateRow, States, Work, changed, expect
from shared.platform.codec import to_json


def open_account(command: commands.OpenAccount, party: Mapping[str, str]) -> Work:
    """`party` is who the customer is; it goes into the party table only, and into no event."""
    stream = decide.account.stream(command.book, command.number)
    entity = legal_entity.stream(command.book, command.book.legal_entity)

    def answer(states: States) -> bytes:
        found = expect(states.of(stream), Opened)
        return to_json(of_state(found, states.version(stream)))

    return Work(
        [stream, entity],
        lambda states: [
            changed(
                stream,
                decide.open_account(
                    command, states.of(stream), account_id=stream.id, entity=states.of(entity)
                ),
            )
        ],
        answer,
        private=[PrivateRow("party", decide.party_of(stream.id), party)],
    )
