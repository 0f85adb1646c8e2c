"""Whom must somebody work on, and in what order? Customers, once in each currency; questions only.

By amount, then age, then grade, worst first. Amounts of several currencies are never compared: the
list goes currency by currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.domain.grades import UNRATED, WORST_FIRST, rank
from services.dunning.accounts.projections.account_facts import AccountRow, GradeRow, OpenItemRow
from services.dunning.work.projections.work_list import CaseRow, TaskItemRow, TaskRow
from shared.platform.projector.keyset import Record, one_of, rows_after
from shared.platform.projector.rows import table_of
from shared.platform.projector.sums import sum_in

KEY: Final = ("currency", "minus_minor", "oldest_due_on", "grade_rank", "account_id")

_case, _task, _task_item = table_of(CaseRow), table_of(TaskRow), table_of(TaskItemRow)
_item, _grade_row, _account = table_of(OpenItemRow), table_of(GradeRow), table_of(AccountRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which customers; None: all."""

    task: Sequence[str] | None = None  # Kinds of which a task is open.
    account_id: Sequence[UUID] | None = None
    legal_entity: Sequence[str] | None = None
    collector_id: Sequence[UUID] | None = None
    currency: Sequence[str] | None = None


def is_to_do(tenant_id: UUID) -> sa.ColumnElement[bool]:
    """Whether a task is open and something is still owed of it: nobody calls who has paid."""
    is_owed = (
        sa.select(sa.func.bool_or(_item.c.open_minor > 0))  # Unlike EXISTS always by index.
        .join_from(_task_item, _item, _item.c.open_item_id == _task_item.c.open_item_id)
        .where(
            _item.c.tenant_id == tenant_id,
            _task_item.c.tenant_id == tenant_id,
            _task_item.c.task_id == _task.c.id,
        )
        .correlate(_task)
        .scalar_subquery()
    )
    return sa.and_(_task.c.tenant_id == tenant_id, _task.c.status == "open", is_owed)


def _customers(tenant_id: UUID, asked: Asked) -> sa.Subquery:
    """Customers with an open case or a task to do, each once in a currency."""
    whose = ("account_id", "account_number", "legal_entity", "currency")
    wanted = {
        "account_id": asked.account_id,
        "legal_entity": asked.legal_entity,
        "currency": asked.currency,
    }
    cases = sa.select(
        *(_case.c[name] for name in whose),
        _case.c.version.label("case_version"),
        _case.c.opened_on.label("case_opened_on"),
        sa.cast(sa.null(), sa.Text).label("task"),
        sa.cast(sa.null(), sa.Date).label("task_due_on"),
    ).where(_case.c.tenant_id == tenant_id, _case.c.status == "open", *one_of(_case.c, wanted))
    tasks = sa.select(
        *(_task.c[name] for name in whose),
        sa.cast(sa.null(), sa.BigInteger),
        sa.cast(sa.null(), sa.Date),
        _task.c.kind,
        _task.c.oldest_due_on,
    ).where(is_to_do(tenant_id), *one_of(_task.c, wanted))
    work = sa.union_all(cases, tasks).subquery("work")
    found = sa.select(
        *(work.c[name] for name in whose),
        sa.func.max(work.c.case_version).label("case_version"),  # Of the one case, if there is.
        sa.func.max(work.c.case_opened_on).label("case_opened_on"),
        sa.func.min(work.c.task_due_on).label("task_due_on"),
    ).group_by(*(work.c[name] for name in whose))
    if asked.task:
        found = found.having(sa.func.bool_or(work.c.task.in_(asked.task)))
    return found.subquery("customer")


def _overdue(tenant_id: UUID, customer: sa.Subquery) -> sa.FromClause:
    """What the customer owes that is overdue, and since when."""
    return (
        sa.select(
            sum_in(customer.c.currency, _item.c.currency, _item.c.open_minor).label("minor"),
            sa.func.min(_item.c.due_on).label("due_on"),
        )
        .where(
            _item.c.tenant_id == tenant_id,
            _item.c.account_id == customer.c.account_id,
            _item.c.currency == customer.c.currency,
            _item.c.latest_step > 0,
            _item.c.open_minor > 0,
        )
        .correlate(customer)
        .lateral("overdue")
    )


def _grade(tenant_id: UUID, customer: sa.Subquery) -> sa.FromClause:
    """The customer's grade now; no row where it was never given one."""
    return (
        sa.select(_grade_row.c.grade)
        .where(
            _grade_row.c.tenant_id == tenant_id, _grade_row.c.account_id == customer.c.account_id
        )
        .order_by(_grade_row.c.effective_on.desc())
        .limit(1)
        .correlate(customer)
        .lateral("latest")
    )


def work_order(tenant_id: UUID, asked: Asked) -> sa.Subquery:
    """The customers, with the columns by which they are in order."""
    customer = _customers(tenant_id, asked)
    overdue, latest = _overdue(tenant_id, customer), _grade(tenant_id, customer)
    grade = sa.func.coalesce(latest.c.grade, UNRATED)
    return (
        sa.select(
            customer,
            _account.c.collector_id,
            _account.c.time_zone,
            overdue.c.minor.label("overdue_minor"),
            (-overdue.c.minor).label("minus_minor"),
            sa.func.coalesce(overdue.c.due_on, customer.c.task_due_on).label("oldest_due_on"),
            grade.label("grade"),
            sa.case(
                {name: place for place, name in enumerate(WORST_FIRST)},
                value=grade,
                else_=rank(UNRATED),
            ).label("grade_rank"),
        )
        .join_from(
            customer,
            _account,
            sa.and_(
                _account.c.tenant_id == tenant_id, _account.c.account_id == customer.c.account_id
            ),
        )
        .join(overdue, sa.true())
        .join(latest, sa.true(), isouter=True)
        .where(
            sa.or_(overdue.c.minor > 0, customer.c.task_due_on.is_not(None)),
            *one_of(_account.c, {"collector_id": asked.collector_id}),
        )
        .subquery("ranked")
    )


async def customers_in_order(
    connection: AsyncConnection,
    tenant_id: UUID,
    asked: Asked,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Record]:
    """Of whom something is overdue or a task is to do. Who has paid is not on the list."""
    ranked = work_order(tenant_id, asked)
    key = [ranked.c[name] for name in KEY]
    return await rows_after(connection, sa.select(ranked), key, after, limit)
