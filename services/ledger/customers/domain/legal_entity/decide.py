"""Every rule a legal entity obeys."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from services.ledger.customers.domain.legal_entity import commands, events
from services.ledger.customers.domain.legal_entity.evolve import evolve
from services.ledger.customers.domain.legal_entity.state import NOT_REGISTERED, NotRegistered, State
from shared.kernel.days import day_at
from shared.kernel.decider import Aggregate, Decided
from shared.kernel.rejections import NumberAlreadyUsed


def register(command: commands.RegisterLegalEntity, state: State) -> Decided[events.Event]:
    if not isinstance(state, NotRegistered):
        raise NumberAlreadyUsed("/code")
    registered = events.LegalEntityRegistered(
        code=command.book.legal_entity,
        name=command.name,
        time_zone=command.time_zone,
        currency=command.currency,
    )
    return Decided(day_at(command.now, command.time_zone), [registered], command.time_zone)


def _no_account(_event: events.Event) -> UUID | None:
    return None


legal_entity: Final = Aggregate[State, events.Event](
    "legal_entity", initial=NOT_REGISTERED, evolve=evolve, account_of=_no_account
)
