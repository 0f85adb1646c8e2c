"""Which legal entities and accounts there are. Names of customers are in the party table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.customers.domain.account.events import AccountOpened
from services.ledger.customers.domain.legal_entity.events import (
    LegalEntityRegistered,
    TakeOverDateChanged,
)
from shared.kernel.envelope import Recorded
from shared.platform.projector.keyset import Record, equal_to, find, one_of, one_row, rows_after
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of

R = TypeVar("R")


@row(table="legal_entity", key=("tenant_id", "code"))
@dataclass(frozen=True, slots=True, kw_only=True)
class LegalEntityRow:
    tenant_id: UUID
    code: str
    legal_entity_id: UUID
    name: str
    time_zone: str
    currency: str
    registered_on: date
    take_over_on: date | None
    notice_minimum_minor: int
    address: str | None
    version: int


@row(
    table="account",
    key=("tenant_id", "account_id"),
    indexes=(Index(("tenant_id", "legal_entity", "number"), unique=True),),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
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


def needs(events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in events:
        if isinstance(recorded.event, TakeOverDateChanged):
            yield Need(LegalEntityRow, (recorded.tenant_id, recorded.event.code))


def fold(rows: Rows, events: Sequence[Recorded[Any]]) -> Rows:
    for recorded in events:
        match recorded.event:
            case LegalEntityRegistered() as registered:
                rows.put(
                    LegalEntityRow(
                        tenant_id=recorded.tenant_id,
                        code=registered.code,
                        legal_entity_id=recorded.stream_id,
                        name=registered.name,
                        time_zone=registered.time_zone,
                        currency=registered.currency,
                        registered_on=registered.registered_on,
                        take_over_on=registered.take_over_on,
                        notice_minimum_minor=registered.notice_minimum.minor,
                        address=registered.address,
                        version=recorded.version,
                    ),
                )
            case TakeOverDateChanged() as changed:
                entity = _known(rows, LegalEntityRow, recorded, changed.code)
                rows.put(
                    replace(entity, take_over_on=changed.take_over_on, version=recorded.version)
                )
            case AccountOpened() as opened:
                rows.put(
                    AccountRow(
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


def _known(rows: Rows, kind: type[R], recorded: Recorded[Any], key: str | UUID) -> R:
    found = rows.get(kind, (recorded.tenant_id, key))
    if found is None:
        raise LookupError(f"{recorded.type} of what is not there")
    return found


READ_MODEL: Final = Projection(
    name="accounts",
    subscribes_to=("ledger",),
    rows=(LegalEntityRow, AccountRow),
    needs=needs,
    fold=fold,
)


# --- questions

_ENTITY: Final = table_of(LegalEntityRow)
_ACCOUNT: Final = table_of(AccountRow)
_PARTY: Final = sa.table(
    "party", sa.column("id", sa.Uuid), sa.column("tenant_id", sa.Uuid), sa.column("details", JSONB)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which accounts a question is about; empty or None: all."""

    tenant_id: UUID
    legal_entity: str | None = None
    numbers: Sequence[str] = ()
    collector_id: UUID | None = None


async def zones(
    connection: AsyncConnection, tenant_id: UUID, code: str | None = None
) -> Sequence[str]:
    """The time zone of one legal entity, or of all; empty where there is none."""
    of = _ENTITY.c
    found = sa.select(of.time_zone).where(of.tenant_id == tenant_id)
    if code is not None:
        found = found.where(of.code == code)
    return (await connection.execute(found)).scalars().all()


async def list_legal_entities(
    connection: AsyncConnection, tenant_id: UUID, after: Sequence[str] | None, limit: int
) -> Sequence[Record]:
    """By code."""
    found = sa.select(_ENTITY).where(_ENTITY.c.tenant_id == tenant_id)
    return await rows_after(connection, found, [_ENTITY.c.code], after, limit)


async def find_legal_entity(
    connection: AsyncConnection, tenant_id: UUID, code: str
) -> LegalEntityRow | None:
    return await find(connection, LegalEntityRow, tenant_id=tenant_id, code=code)


def _with_party() -> sa.Select[Any]:
    of = _ACCOUNT.c
    joined = _ACCOUNT.outerjoin(
        _PARTY, sa.and_(_PARTY.c.tenant_id == of.tenant_id, _PARTY.c.id == of.party_id)
    )
    return sa.select(_ACCOUNT, _PARTY.c.details).select_from(joined)


async def list_accounts(
    connection: AsyncConnection, asked: Asked, after: Sequence[str] | None, limit: int
) -> Sequence[Record]:
    """By legal entity and number, with who stands behind them."""
    of = _ACCOUNT.c
    equal = {"legal_entity": asked.legal_entity, "collector_id": asked.collector_id}
    found = _with_party().where(
        of.tenant_id == asked.tenant_id,
        *equal_to(of, equal),
        *one_of(of, {"number": asked.numbers}),
    )
    return await rows_after(connection, found, [of.legal_entity, of.number], after, limit)


async def find_account(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID
) -> Record | None:
    """With who stands behind it."""
    of = _ACCOUNT.c
    found = _with_party().where(of.tenant_id == tenant_id, of.account_id == account_id)
    return await one_row(connection, found)


async def party_name(
    connection: AsyncConnection, tenant_id: UUID, party_id: UUID | None
) -> str | None:
    """Who stands behind a party id; None: nobody was named."""
    if party_id is None:
        return None
    of = _PARTY.c
    found = sa.select(of.details["name"].astext).where(of.tenant_id == tenant_id, of.id == party_id)
    name: str | None = (await connection.execute(found)).scalar_one_or_none()
    return name
