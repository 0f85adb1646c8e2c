"""Every rule a legal entity obeys."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from services.ledger.customers.domain.legal_entity import commands, events
from services.ledger.customers.domain.legal_entity.evolve import evolve
from services.ledger.customers.domain.legal_entity.state import (
    NOT_REGISTERED,
    NotRegistered,
    Registered,
    State,
)
from shared.kernel.days import day_at
from shared.kernel.decider import NOTHING, Aggregate, Decided, Rejected, expect
from shared.kernel.money import Money
from shared.kernel.rejections import CurrencyMismatch, EffectiveDateOutOfRange, NumberAlreadyUsed

NOTICE_MINIMUM: Final = "1"  # unit of its currency, where nobody says another


class TakeOverDateReached(Rejected): ...


def register(command: commands.RegisterLegalEntity, state: State) -> Decided[events.Event]:
    if not isinstance(state, NotRegistered):
        raise NumberAlreadyUsed("/code")
    minimum = command.notice_minimum or Money.of(NOTICE_MINIMUM, command.currency)
    if minimum.currency != command.currency:
        raise CurrencyMismatch("/notice_minimum/currency")
    registered_on = day_at(command.now, command.time_zone)
    registered = events.LegalEntityRegistered(
        code=command.book.legal_entity,
        name=command.name,
        time_zone=command.time_zone,
        currency=command.currency,
        registered_on=registered_on,
        take_over_on=command.take_over_on,
        notice_minimum=minimum,
        address=command.address,
    )
    return Decided(registered_on, [registered], command.time_zone)


def change_take_over_date(
    command: commands.ChangeTakeOverDate, state: State
) -> Decided[events.Event]:
    """Until it is reached: then what was history is told apart from what is acted on for good."""
    found = expect(state, Registered)
    if command.take_over_on == found.take_over_on:
        return NOTHING
    today = day_at(command.now, found.time_zone)
    if found.take_over_on is not None and found.take_over_on <= today:
        raise TakeOverDateReached("/take_over_on")
    if command.take_over_on < today:
        raise EffectiveDateOutOfRange("/take_over_on")
    changed = events.TakeOverDateChanged(
        code=found.code, take_over_on=command.take_over_on, previous=found.take_over_on
    )
    return Decided(today, [changed], found.time_zone)


def _no_account(_event: events.Event) -> UUID | None:
    return None


legal_entity: Final = Aggregate[State, events.Event](
    "legal_entity", initial=NOT_REGISTERED, evolve=evolve, account_of=_no_account
)
