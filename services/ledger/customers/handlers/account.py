"""Use cases of an account."""

from __future__ import annotations

from collections.abc import Mapping

from services.ledger.customers.domain.account import commands, decide
from services.ledger.customers.domain.account.state import State
from services.ledger.customers.domain.legal_entity.decide import legal_entity
from shared.kernel.decider import PrivateRow, Work, changed, work_on


def open_account(command: commands.OpenAccount, party: Mapping[str, str | None]) -> Work[State]:
    """`party` is who the customer is; it goes into the party table only, and into no event."""
    stream = decide.account.stream(command.book, command.number)
    entity = legal_entity.stream(command.book, command.book.legal_entity)
    return Work(
        (stream, entity),
        lambda states: [
            changed(
                stream,
                decide.open_account(
                    command, states.of(stream), account_id=stream.id, entity=states.of(entity)
                ),
            )
        ],
        private=[PrivateRow("party", decide.party_of(stream.id), party)],
    )


def change_details(command: commands.ChangeDetails, party: Mapping[str, str | None]) -> Work[State]:
    """`party` is what is said anew of the customer; None: it is taken away."""
    return work_on(
        decide.account.existing(command.account_id),
        lambda state: decide.change_details(command, state),
        private=[PrivateRow("party", decide.party_of(command.account_id), party)] if party else [],
    )
