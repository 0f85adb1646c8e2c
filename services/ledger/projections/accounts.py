"""Which legal entities and accounts there are. Names of customers are in the party table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from services.ledger.domain.account.events import AccountOpened
from services.ledger.domain.legal_entity.events import LegalEntityRegistered
from services.ledger.projections.tables import METADATA
from shared.kernel.envelope import Recorded
from shared.platform.projector.port import Need, Projection, ReadModel, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalEntity:
    tenant_id: UUID
    code: str
    legal_entity_id: UUID
    name: str
    time_zone: str
    currency: str
    registered_on: date
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    tenant_id: UUID
    account_id: UUID
    legal_entity: str
    number: str
    time_zone: str
    currency: str
    party_id: UUID
    collector_id: UUID | None
    opened_on: date
    version: int


legal_entity: Final = sa.Table(
    "legal_entity",
    METADATA,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("legal_entity_id", sa.Uuid, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("registered_on", sa.Date, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)

account: Final = sa.Table(
    "account",
    METADATA,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.Uuid, primary_key=True),
    sa.Column("legal_entity", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("party_id", sa.Uuid, nullable=False),
    sa.Column("collector_id", sa.Uuid),
    sa.Column("opened_on", sa.Date, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Index("account_number", "tenant_id", "legal_entity", "number", unique=True),
)

ENTITY: Final = ReadModel(legal_entity, LegalEntity)
ACCOUNT: Final = ReadModel(account, Account)


def needs(_events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    return ()


def fold(rows: Rows, events: Sequence[Recorded[Any]]) -> Rows:
    for recorded in events:
        match recorded.event:
            case LegalEntityRegistered() as registered:
                rows.put(
                    ENTITY,
                    LegalEntity(
                        tenant_id=recorded.tenant_id,
                        code=registered.code,
                        legal_entity_id=recorded.stream_id,
                        name=registered.name,
                        time_zone=registered.time_zone,
                        currency=registered.currency,
                        registered_on=recorded.effective_on,
                        version=recorded.version,
                    ),
                )
            case AccountOpened() as opened:
                rows.put(
                    ACCOUNT,
                    Account(
                        tenant_id=recorded.tenant_id,
                        account_id=opened.account_id,
                        legal_entity=opened.legal_entity,
                        number=opened.number,
                        time_zone=opened.time_zone,
                        currency=opened.currency,
                        party_id=opened.party_id,
                        collector_id=opened.collector_id,
                        opened_on=opened.opened_on,
                        version=recorded.version,
                    ),
                )
            case _:
                pass
    return rows


ACCOUNTS: Final = Projection("accounts", ("ledger",), (ENTITY, ACCOUNT), needs, fold)
