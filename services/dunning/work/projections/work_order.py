"""Whom must somebody work on, and in what order? Customers, once in each currency; questions only.

By amount, then age, then grade, worst first. Amounts of several currencies are never compared: the
list goes currency by currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.domain.grades import UNRATED, WORST_FIRST, rank
from services.dunning.accounts.projections.account_facts import AccountRow, GradeRow, OpenItemRow
from services.dunning.accounts.projections.overdue_amounts import OverdueRow
from services.dunning.work.projections.work_list import CaseRow, TaskItemRow, TaskRow
from shared.platform.projector.keyset import AnyColumn, Record, one_of, rows_after
from shared.platform.projector.rows import table_of

KEY: Final = ("currency", "minus_minor", "oldest_due_on", "grade_rank", "account_id")

_case, _task, _task_item, _overdue = (
    table_of(CaseRow),
    table_of(TaskRow),
    table_of(TaskItemRow),
    table_of(OverdueRow),
)
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


def _overdue_customers(tenant_id: UUID, asked: Asked) -> sa.Subquery:
    """Customers of whom something is overdue, in the order of the list."""
    of = _overdue.c
    wanted = {"account_id": asked.account_id, "currency": asked.currency}
    return (
        sa.select(of.account_id, of.currency, of.minus_minor)
        .where(of.tenant_id == tenant_id, *one_of(of, wanted))
        .subquery("customer")
    )


def _other_customers(tenant_id: UUID, asked: Asked, span: _Span) -> sa.Subquery:
    """Customers of whom nothing is overdue, with an open task; in these currencies alone."""
    of = _task.c
    wanted = {
        "account_id": asked.account_id,
        "legal_entity": asked.legal_entity,
        "currency": asked.currency,
    }
    is_overdue = sa.exists().where(
        _overdue.c.tenant_id == tenant_id,
        _overdue.c.account_id == of.account_id,
        _overdue.c.currency == of.currency,
    )
    found = sa.select(of.account_id, of.currency, sa.literal(0, sa.BigInteger).label("minus_minor"))
    found = found.where(
        of.tenant_id == tenant_id,
        of.status == "open",
        sa.not_(is_overdue),
        *one_of(of, wanted),
        *span.conditions(of.currency),
    )
    return found.distinct().subquery("customer")


def _oldest(tenant_id: UUID, customer: sa.Subquery) -> sa.FromClause:
    """Since when something of the customer is overdue."""
    return (
        sa.select(sa.func.min(_item.c.due_on).label("due_on"))
        .where(
            _item.c.tenant_id == tenant_id,
            _item.c.account_id == customer.c.account_id,
            _item.c.currency == customer.c.currency,
            _item.c.latest_step > 0,
            _item.c.open_minor > 0,
        )
        .correlate(customer)
        .lateral("oldest")
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


def _open_case(tenant_id: UUID, customer: sa.Subquery) -> sa.FromClause:
    """The customer's one case, if it is open."""
    return (
        sa.select(_case.c.version, _case.c.opened_on)
        .where(
            _case.c.tenant_id == tenant_id,
            _case.c.account_id == customer.c.account_id,
            _case.c.currency == customer.c.currency,
            _case.c.status == "open",
        )
        .correlate(customer)
        .lateral("open_case")
    )


def _tasks(tenant_id: UUID, customer: sa.Subquery, kinds: Sequence[str]) -> sa.FromClause:
    """The oldest item of the customer's tasks to do, and whether one is of these kinds."""
    return (
        sa.select(
            sa.func.min(_task.c.oldest_due_on).label("due_on"),
            sa.func.bool_or(_task.c.kind.in_(kinds)).label("is_of_kind"),
        )
        .where(
            is_to_do(tenant_id),
            _task.c.account_id == customer.c.account_id,
            _task.c.currency == customer.c.currency,
        )
        .correlate(customer)
        .lateral("tasks")
    )


def _ranked(tenant_id: UUID, asked: Asked, customer: sa.Subquery) -> sa.Subquery:
    """Those with an open case or a task to do, with the columns by which they are in order.

    Of customers that come in order, only those of a page are looked at.
    """
    oldest, latest = _oldest(tenant_id, customer), _grade(tenant_id, customer)
    case, tasks = _open_case(tenant_id, customer), _tasks(tenant_id, customer, asked.task or ())
    grade = sa.func.coalesce(latest.c.grade, UNRATED)
    is_reminded = sa.and_(customer.c.minus_minor < 0, case.c.version.is_not(None))
    of_account = sa.and_(
        _account.c.tenant_id == tenant_id, _account.c.account_id == customer.c.account_id
    )
    return (
        sa.select(
            customer,
            _account.c.number.label("account_number"),
            *(_account.c[name] for name in ("legal_entity", "collector_id", "time_zone")),
            case.c.version.label("case_version"),
            case.c.opened_on.label("case_opened_on"),
            (-customer.c.minus_minor).label("overdue_minor"),
            sa.func.coalesce(oldest.c.due_on, tasks.c.due_on).label("oldest_due_on"),
            grade.label("grade"),
            sa.case(
                {name: place for place, name in enumerate(WORST_FIRST)},
                value=grade,
                else_=rank(UNRATED),
            ).label("grade_rank"),
        )
        .join_from(customer, _account, of_account)
        .join(oldest, sa.true())
        .join(tasks, sa.true())
        .join(case, sa.true(), isouter=True)
        .join(latest, sa.true(), isouter=True)
        .where(
            sa.or_(is_reminded, tasks.c.due_on.is_not(None)),
            *([tasks.c.is_of_kind] if asked.task else ()),
            *one_of(
                _account.c,
                {"collector_id": asked.collector_id, "legal_entity": asked.legal_entity},
            ),
        )
        .subquery("ranked")
    )


class _Span(NamedTuple):
    """The currencies in which a page may show a customer of whom nothing is overdue."""

    first: str | None  # Inside. None: from the first one on.
    end: str | None  # Outside. None: up to the last one.

    @property
    def is_empty(self) -> bool:
        return self.first is not None and self.end is not None and self.first >= self.end

    def conditions(self, currency: AnyColumn) -> Sequence[sa.ColumnElement[bool]]:
        after = [] if self.first is None else [currency >= self.first]
        return after if self.end is None else [*after, currency < self.end]


async def customers_in_order(
    connection: AsyncConnection,
    tenant_id: UUID,
    asked: Asked,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Record]:
    """Of whom something is overdue or a task is to do. Who has paid is not on the list.

    In each currency those of whom nothing is overdue come last: they are looked for only where a
    page goes beyond the others.
    """
    first = _overdue_customers(tenant_id, asked)
    found = await _page(connection, _ranked(tenant_id, asked, first), after, limit)
    is_full = len(found) > limit
    span = _Span(after[0] if after else None, found[-1]["currency"] if is_full else None)
    if span.is_empty:
        return found
    rest = _other_customers(tenant_id, asked, span)
    others = await _page(connection, _ranked(tenant_id, asked, rest), after, limit)
    merged = sorted([*found, *others], key=lambda row: [row[name] for name in KEY])
    return merged[: limit + 1]


async def _page(
    connection: AsyncConnection, ranked: sa.Subquery, after: Sequence[str] | None, limit: int
) -> Sequence[Record]:
    key = [ranked.c[name] for name in KEY]
    return await rows_after(connection, sa.select(ranked), key, after, limit)
