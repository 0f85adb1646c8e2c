"""What do we know of an account? Small copies of ledger's and credit's words; no decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.domain.account_facts import AccountFacts
from services.dunning.accounts.domain.grades import GradeOnDay
from services.dunning.accounts.domain.listed_item import KnownItem
from services.dunning.contract.inbox import (
    AccountOpened,
    CreditFileGradeChanged,
    Crossing,
    Installment,
    InvoiceCanceled,
    InvoiceIssued,
    InvoicePaymentApplied,
    InvoicePaymentUnapplied,
)
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money
from shared.platform.projector.port import Need, Projection, ReadModel, Rows

METADATA: Final = sa.MetaData()


@dataclass(frozen=True, slots=True)
class Account:
    tenant_id: UUID
    account_id: UUID
    legal_entity: str
    number: str
    time_zone: str
    currency: str
    collector_id: UUID | None


@dataclass(frozen=True, slots=True)
class Grade:
    tenant_id: UUID
    account_id: UUID
    effective_on: date
    grade: str


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An installment with a due date; closed ones stay, with nothing open."""

    tenant_id: UUID
    open_item_id: UUID
    account_id: UUID
    invoice_number: str
    installment: int
    issued_on: date
    due_on: date
    currency: str
    open_minor: int
    moved_on: date  # The latest business day on which the amount changed.
    before_minor: int  # What was open when that day began.


ACCOUNT: Final = ReadModel(
    sa.Table(
        "known_account",
        METADATA,
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, primary_key=True),
        sa.Column("legal_entity", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("collector_id", sa.Uuid),
    ),
    Account,
)
GRADE: Final = ReadModel(
    sa.Table(
        "known_grade",
        METADATA,
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, primary_key=True),
        sa.Column("effective_on", sa.Date, primary_key=True),
        sa.Column("grade", sa.Text, nullable=False),
    ),
    Grade,
)
OPEN_ITEM: Final = ReadModel(
    sa.Table(
        "known_open_item",
        METADATA,
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("open_item_id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("invoice_number", sa.Text, nullable=False),
        sa.Column("installment", sa.Integer, nullable=False),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("open_minor", sa.BigInteger, nullable=False),
        sa.Column("moved_on", sa.Date, nullable=False),
        sa.Column("before_minor", sa.BigInteger, nullable=False),
        sa.Index("known_open_item_of", "tenant_id", "account_id", "due_on"),
    ),
    OpenItem,
)


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        match recorded.event:
            case InvoiceCanceled(installments=items):
                for each in items:
                    yield Need(OPEN_ITEM, (recorded.tenant_id, each.open_item_id))
            case (
                InvoicePaymentApplied(open_item_id=item)
                | InvoicePaymentUnapplied(open_item_id=item)
            ):
                yield Need(OPEN_ITEM, (recorded.tenant_id, item))
            case _:
                pass  # Needs no row.


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        tenant, event, day = recorded.tenant_id, recorded.event, recorded.effective_on
        match event:
            case AccountOpened():
                rows.put(_account(recorded, event))
            case CreditFileGradeChanged():
                rows.put(Grade(tenant, event.account_id, day, event.to_grade))
            case InvoiceIssued():
                for each in event.installments:
                    if each.due_on is not None:
                        rows.put(_item(recorded, event, each, each.due_on))
            case InvoiceCanceled():
                for each in event.installments:
                    _move(rows, tenant, each.open_item_id, day, 0)
            case InvoicePaymentApplied() | InvoicePaymentUnapplied():
                _move(rows, tenant, event.open_item_id, day, event.open_amount.minor)
            case _:
                pass  # Of another read model.
    return rows


def _account(recorded: Recorded[Any], event: AccountOpened) -> Account:
    return Account(
        recorded.tenant_id,
        event.account_id,
        recorded.legal_entity,
        event.number,
        event.time_zone,
        event.currency,
        event.collector_id,
    )


def _item(
    recorded: Recorded[Any], event: InvoiceIssued, item: Installment, due_on: date
) -> OpenItem:
    return OpenItem(
        recorded.tenant_id,
        item.open_item_id,
        event.account_id,
        event.number,
        item.installment,
        recorded.effective_on,
        due_on,
        item.amount.currency,
        item.amount.minor,
        recorded.effective_on,
        item.amount.minor,
    )


def _move(rows: Rows, tenant_id: UUID, open_item_id: UUID, day: date, after_minor: int) -> None:
    row = rows.get(OPEN_ITEM, (tenant_id, open_item_id))
    if row is None:
        return  # Without a due date nobody is reminded of it.
    if day > row.moved_on:
        moved = replace(row, open_minor=after_minor, moved_on=day, before_minor=row.open_minor)
    elif day == row.moved_on:
        moved = replace(row, open_minor=after_minor)
    else:  # Learned late: it was so when the day of the latest movement began.
        before = row.before_minor + after_minor - row.open_minor
        moved = replace(row, open_minor=after_minor, before_minor=before)
    rows.put(moved)


READ_MODEL: Final = Projection(
    name="account_facts",
    subscribes_to=("ledger", "credit"),
    rows=(ACCOUNT, GRADE, OPEN_ITEM),
    needs=needs,
    fold=fold,
)


async def account(connection: AsyncConnection, tenant_id: UUID, account_id: UUID) -> Account | None:
    table = ACCOUNT.table
    found = await connection.execute(
        sa.select(table).where(table.c.tenant_id == tenant_id, table.c.account_id == account_id)
    )
    row = found.one_or_none()
    return None if row is None else Account(*row)


async def items_of_account(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID, open_item_ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Which of these items are the account's."""
    table = OPEN_ITEM.table
    found = await connection.execute(
        sa.select(table.c.open_item_id).where(
            table.c.tenant_id == tenant_id,
            table.c.account_id == account_id,
            table.c.open_item_id.in_(open_item_ids),
        )
    )
    return frozenset(found.scalars())


async def facts_of_crossing(
    connection: AsyncConnection, recorded: Recorded[Crossing]
) -> AccountFacts:
    """Who collects, the grades so far, and the items of the same due date."""
    event = recorded.event
    tenant_id, account_id = recorded.tenant_id, event.account_id
    known = await account(connection, tenant_id, account_id)
    grade, item = GRADE.table, OPEN_ITEM.table
    grades = await connection.execute(
        sa.select(grade.c.effective_on, grade.c.grade).where(
            grade.c.tenant_id == tenant_id,
            grade.c.account_id == account_id,
            grade.c.effective_on < recorded.effective_on,
        )
    )
    items = await connection.execute(
        sa.select(item).where(
            item.c.tenant_id == tenant_id,
            item.c.account_id == account_id,
            item.c.due_on == event.due_on,
        )
    )
    return AccountFacts(
        collector_id=known.collector_id if known else None,
        grades=tuple(GradeOnDay(*row) for row in grades),
        items=tuple(_known(OpenItem(*row)) for row in items),
    )


def _known(row: OpenItem) -> KnownItem:
    return KnownItem(
        open_item_id=row.open_item_id,
        invoice_number=row.invoice_number,
        installment=row.installment,
        issued_on=row.issued_on,
        due_on=row.due_on,
        open_amount=Money(row.open_minor, row.currency),
        moved_on=row.moved_on,
        amount_before=Money(row.before_minor, row.currency),
    )
