"""Customers: legal entities, and accounts in them."""

from __future__ import annotations

from typing import Final

from services.ledger.customers.api import accounts as opening
from services.ledger.customers.api import legal_entities
from services.ledger.customers.domain.account import events as account_events
from services.ledger.customers.domain.account.decide import UnknownLegalEntity, account
from services.ledger.customers.domain.legal_entity import events as legal_entity_events
from services.ledger.customers.domain.legal_entity.decide import TakeOverDateReached, legal_entity
from services.ledger.customers.projections import accounts
from shared.kernel import rejections
from shared.platform.area import Area

AREA: Final = Area(
    name="customers",
    aggregates=(legal_entity, account),
    events={
        "ledger.legal_entity.registered.v1": legal_entity_events.LegalEntityRegistered,
        "ledger.legal_entity.take_over_date_changed.v1": legal_entity_events.TakeOverDateChanged,
        "ledger.account.opened.v1": account_events.AccountOpened,
    },
    read_models=(accounts.READ_MODEL,),
    private_tables=("party",),
    routes=(legal_entities.router, opening.router),
    rejections={
        rejections.NumberAlreadyUsed: 409,
        TakeOverDateReached: 409,
        UnknownLegalEntity: 422,
        rejections.CurrencyMismatch: 422,
        rejections.EffectiveDateOutOfRange: 422,
    },
)
