"""Every rule an account obeys."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from services.ledger.customers.domain.account import commands, events
from services.ledger.customers.domain.account.evolve import evolve
from services.ledger.customers.domain.account.state import NOT_OPENED, NotOpened, Opened, State
from services.ledger.customers.domain.legal_entity import state as legal_entity
from shared.kernel.days import day_at
from shared.kernel.decider import Aggregate, Decided, Rejected, expect
from shared.kernel.ids import derived
from shared.kernel.rejections import NumberAlreadyUsed


class UnknownLegalEntity(Rejected): ...


def open_account(
    command: commands.OpenAccount,
    state: State,
    *,
    account_id: UUID,
    entity: legal_entity.State,
) -> Decided[events.Event]:
    if not isinstance(entity, legal_entity.Registered):
        raise UnknownLegalEntity("/legal_entity")
    if not isinstance(state, NotOpened):
        raise NumberAlreadyUsed("/number")
    opened_on = day_at(command.now, entity.time_zone)
    opened = events.AccountOpened(
        account_id=account_id,
        legal_entity=entity.code,
        number=command.number,
        time_zone=entity.time_zone,
        currency=entity.currency,
        party_id=party_of(account_id),
        collector_id=command.collector_id,
        opened_on=opened_on,
    )
    return Decided(opened_on, [opened], entity.time_zone)


def change_details(command: commands.ChangeDetails, state: State) -> Decided[events.Event]:
    """Who the customer is no rule can see: whatever is said of it counts as changed."""
    found = expect(state, Opened)
    happened: list[events.Event] = []
    if command.fields:
        happened.append(
            events.AccountDetailsChanged(account_id=found.account_id, fields=command.fields)
        )
    collector = command.collector
    if collector is not None and collector.id != found.collector_id:
        happened.append(
            events.AccountCollectorChanged(
                account_id=found.account_id,
                collector_id=collector.id,
                previous=found.collector_id,
            )
        )
    return Decided(day_at(command.now, found.time_zone), happened, found.time_zone)


def party_of(account_id: UUID) -> UUID:
    """Where the customer's name and contact person are kept."""
    return derived(account_id, "party")


def _account_of(event: events.Event) -> UUID | None:
    return event.account_id


account: Final = Aggregate[State, events.Event](
    "account", initial=NOT_OPENED, evolve=evolve, account_of=_account_of
)
