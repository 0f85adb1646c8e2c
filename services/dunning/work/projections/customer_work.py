"""What is there to know before a customer is called? The customers of one page; questions only.

A fixed number of statements, however many customers the page has, each for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.projections.account_facts import OpenItemRow
from services.dunning.strategies.domain.next_step import Debt
from services.dunning.work.domain.case.decide import case_stream
from services.dunning.work.projections.case_plan import CasePlanRow, CaseStepRow
from services.dunning.work.projections.contacts import last_contacts
from services.dunning.work.projections.promises import open_promises
from services.dunning.work.projections.work_list import TaskRow
from services.dunning.work.projections.work_order import is_to_do
from shared.kernel.decider import Book
from shared.kernel.money import Money, total
from shared.platform.projector.keyset import Record
from shared.platform.projector.rows import table_of
from shared.platform.projector.sums import sums_by

READS: Final = ("work_list", "account_facts", "case_plan", "contacts", "promises")
TASKS_MAX: Final = 10  # tasks of a customer that the work list shows; it counts all

_item, _task = table_of(OpenItemRow), table_of(TaskRow)
_plan, _step = table_of(CasePlanRow), table_of(CaseStepRow)

Customer: TypeAlias = tuple[UUID, str]  # Account and currency.
Found: TypeAlias = Mapping[Customer, Sequence[Record]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The most severe step that waits for a review; without an instant it is made right now."""

    step: int
    is_returned: bool
    review_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWork:
    """What is shown of a customer in one currency, beside its row of the work order."""

    id: UUID  # Of the case, open or not.
    open_amount: Money
    debts: Sequence[Debt]
    oldest: Record | None  # The oldest overdue item.
    tasks: Sequence[Record]
    waiting: Waiting | None
    contact: Record | None
    promise: Record | None


def customer_of(row: Record) -> Customer:
    return row["account_id"], row["currency"]


async def work_of(
    connection: AsyncConnection, tenant_id: UUID, customers: Sequence[Record]
) -> Mapping[Customer, CustomerWork]:
    """What is shown of these customers of the work order."""
    accounts = sorted({row["account_id"] for row in customers})
    ids = {customer_of(row): _case_of(tenant_id, row) for row in customers}
    of = (connection, tenant_id, accounts)
    owed, oldest, tasks = await _owed(*of), await _oldest(*of), await _tasks(*of)
    contacts, promises = await last_contacts(*of), _by_customer(await open_promises(*of))
    waiting = await _waiting(connection, tenant_id, list(ids.values()))
    return {
        (account_id, currency): CustomerWork(
            id=id,
            open_amount=_sum(owed.get((account_id, currency), ()), currency),
            debts=[_debt(row) for row in owed.get((account_id, currency), ())],
            oldest=_first(oldest, (account_id, currency)),
            tasks=tasks.get((account_id, currency), ()),
            waiting=waiting.get(id),
            contact=contacts.get(account_id),
            promise=_first(promises, (account_id, currency)),
        )
        for (account_id, currency), id in ids.items()
    }


def _case_of(tenant_id: UUID, row: Record) -> UUID:
    book = Book(tenant_id, row["legal_entity"])
    return case_stream(book, account_id=row["account_id"], currency=row["currency"]).id


def _sum(owed: Sequence[Record], currency: str) -> Money:
    return total((Money(row["open_minor"], row["currency"]) for row in owed), currency)


def _debt(row: Record) -> Debt:
    return Debt(latest_step=row["latest_step"], oldest_due_on=row["due_on"])


def _first(found: Found, customer: Customer) -> Record | None:
    return next(iter(found.get(customer, ())), None)


def _by_customer(rows: Iterable[Record]) -> Found:
    found: dict[Customer, list[Record]] = {}
    for row in rows:
        found.setdefault(customer_of(row), []).append(row)
    return found


def _is_open(tenant_id: UUID, accounts: Sequence[UUID]) -> sa.ColumnElement[bool]:
    of = _item.c
    return sa.and_(of.tenant_id == tenant_id, of.account_id.in_(accounts), of.open_minor > 0)


async def _owed(connection: AsyncConnection, tenant_id: UUID, accounts: Sequence[UUID]) -> Found:
    """What is open, by the threshold it has come to."""
    of = _item.c
    by_step = sa.select(
        of.account_id, of.latest_step, sa.func.min(of.due_on).label("due_on")
    ).where(_is_open(tenant_id, accounts))
    by_step = by_step.group_by(of.account_id, of.latest_step)
    found = await connection.execute(sums_by(of.currency, by_step, open_minor=of.open_minor))
    return _by_customer(found.mappings())


async def _oldest(connection: AsyncConnection, tenant_id: UUID, accounts: Sequence[UUID]) -> Found:
    """The oldest overdue item of each."""
    of = _item.c
    whose = (of.account_id, of.currency)
    found = await connection.execute(
        sa.select(_item)
        .where(_is_open(tenant_id, accounts), of.latest_step > 0)
        .ext(distinct_on(*whose))
        .order_by(*whose, of.due_on, of.invoice_number, of.installment)
    )
    return _by_customer(found.mappings())


async def _tasks(connection: AsyncConnection, tenant_id: UUID, accounts: Sequence[UUID]) -> Found:
    """The first of those that are to do, the most severe and oldest first, with their count."""
    of = _task.c
    whose = (of.account_id, of.currency)
    order = (of.step.desc().nulls_last(), of.opened_on, of.kind, of.id)
    tasks = (
        sa.select(
            *whose,
            *(of.id, of.version, of.kind, of.step, of.opened_on),
            sa.func.row_number().over(partition_by=whose, order_by=order).label("place"),
            sa.func.count().over(partition_by=whose).label("count"),
        )
        .where(is_to_do(tenant_id), of.account_id.in_(accounts))
        .subquery()
    )
    found = await connection.execute(
        sa.select(tasks).where(tasks.c.place <= TASKS_MAX).order_by(tasks.c.place)
    )
    return _by_customer(found.mappings())


async def _waiting(
    connection: AsyncConnection, tenant_id: UUID, cases: Sequence[UUID]
) -> Mapping[UUID, Waiting]:
    """Of each case the most severe step that waits, while what it is about is still overdue."""
    key: tuple[sa.ColumnElement[Any], ...] = (_step.c.case_id, _plan.c.review_at)
    found = await connection.execute(
        sa.select(
            *key,
            sa.func.max(_step.c.step).label("step"),
            sa.func.bool_or(_step.c.is_returned).label("is_returned"),
        )
        .join_from(
            _step,
            _plan,
            sa.and_(_plan.c.tenant_id == tenant_id, _plan.c.case_id == _step.c.case_id),
        )
        .join(
            _item,
            sa.and_(_item.c.tenant_id == tenant_id, _item.c.open_item_id == _step.c.open_item_id),
        )
        .where(
            _step.c.tenant_id == tenant_id,
            _step.c.case_id.in_(cases),
            _step.c.step > 0,
            _step.c.is_history.is_(False),
            _item.c.open_minor > 0,
            _item.c.latest_step > 0,
        )
        .group_by(*key)
    )
    return {
        row.case_id: Waiting(step=row.step, is_returned=row.is_returned, review_at=row.review_at)
        for row in found
    }
