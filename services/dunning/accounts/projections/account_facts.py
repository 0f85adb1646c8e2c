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
    AccountCollectorChanged,
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
from shared.kernel.rejections import UnknownAccount
from shared.platform.projector.keyset import find
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of


@row(table="known_account", key=("tenant_id", "account_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    tenant_id: UUID
    account_id: UUID
    legal_entity: str
    number: str
    time_zone: str
    currency: str
    collector_id: UUID | None


@row(table="known_grade", key=("tenant_id", "account_id", "effective_on"))
@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRow:
    tenant_id: UUID
    account_id: UUID
    effective_on: date
    grade: str


@row(
    table="known_open_item",
    key=("tenant_id", "open_item_id"),
    indexes=(Index(("tenant_id", "account_id", "due_on")),),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemRow:
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


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        match recorded.event:
            case AccountCollectorChanged(account_id=id):
                yield Need(AccountRow, (recorded.tenant_id, id))
            case InvoiceCanceled(installments=items):
                for each in items:
                    yield Need(OpenItemRow, (recorded.tenant_id, each.open_item_id))
            case (
                InvoicePaymentApplied(open_item_id=item)
                | InvoicePaymentUnapplied(open_item_id=item)
            ):
                yield Need(OpenItemRow, (recorded.tenant_id, item))
            case _:
                pass  # Needs no row.


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        tenant, event, day = recorded.tenant_id, recorded.event, recorded.effective_on
        match event:
            case AccountOpened() | AccountCollectorChanged():
                rows.put(_account(rows, recorded, event))
            case CreditFileGradeChanged():
                rows.put(
                    GradeRow(
                        tenant_id=tenant,
                        account_id=event.account_id,
                        effective_on=day,
                        grade=event.to_grade,
                    )
                )
            case InvoiceIssued():
                for each in event.installments:
                    if each.due_on is not None:
                        rows.put(_item(recorded, event, each, each.due_on))
            case InvoiceCanceled():
                for each in event.installments:
                    _move(rows, tenant, each.open_item_id, day, Money.zero(each.amount.currency))
            case InvoicePaymentApplied() | InvoicePaymentUnapplied():
                _move(rows, tenant, event.open_item_id, day, event.open_amount)
            case _:
                pass  # Of another read model.
    return rows


def _account(
    rows: Rows, recorded: Recorded[Any], event: AccountOpened | AccountCollectorChanged
) -> AccountRow:
    if isinstance(event, AccountCollectorChanged):
        known = rows.get(AccountRow, (recorded.tenant_id, event.account_id))
        if known is None:
            raise LookupError(f"{recorded.type} of an account that is not there")
        return replace(known, collector_id=event.collector_id)
    return AccountRow(
        tenant_id=recorded.tenant_id,
        account_id=event.account_id,
        legal_entity=recorded.legal_entity,
        number=event.number,
        time_zone=event.time_zone,
        currency=event.currency,
        collector_id=event.collector_id,
    )


def _item(
    recorded: Recorded[Any], event: InvoiceIssued, item: Installment, due_on: date
) -> OpenItemRow:
    return OpenItemRow(
        tenant_id=recorded.tenant_id,
        open_item_id=item.open_item_id,
        account_id=event.account_id,
        invoice_number=event.number,
        installment=item.installment,
        issued_on=recorded.effective_on,
        due_on=due_on,
        currency=item.amount.currency,
        open_minor=item.amount.minor,
        moved_on=recorded.effective_on,
        before_minor=item.amount.minor,
    )


def _move(rows: Rows, tenant_id: UUID, open_item_id: UUID, day: date, after: Money) -> None:
    row = rows.get(OpenItemRow, (tenant_id, open_item_id))
    if row is None:
        return  # Without a due date nobody is reminded of it.
    if day > row.moved_on:
        moved = replace(row, open_minor=after.minor, moved_on=day, before_minor=row.open_minor)
    elif day == row.moved_on:
        moved = replace(row, open_minor=after.minor)
    else:  # Learned late: it was so when the day of the latest movement began.
        change = after - Money(row.open_minor, row.currency)
        before = Money(row.before_minor, row.currency) + change
        moved = replace(row, open_minor=after.minor, before_minor=before.minor)
    rows.put(moved)


READ_MODEL: Final = Projection(
    name="account_facts",
    subscribes_to=("ledger", "credit"),
    rows=(AccountRow, GradeRow, OpenItemRow),
    needs=needs,
    fold=fold,
)


async def account(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID
) -> AccountRow | None:
    return await find(connection, AccountRow, tenant_id=tenant_id, account_id=account_id)


async def known_account(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID
) -> AccountRow:
    """The account a request means. Raises UnknownAccount."""
    known = await account(connection, tenant_id, account_id)
    if known is None:
        raise UnknownAccount("/account")
    return known


async def items_of_account(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID, open_item_ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Which of these items are the account's."""
    table = table_of(OpenItemRow)
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
    grade, item = table_of(GradeRow), table_of(OpenItemRow)
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
        items=tuple(_known(OpenItemRow(**row._mapping)) for row in items),
    )


def _known(row: OpenItemRow) -> KnownItem:
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
