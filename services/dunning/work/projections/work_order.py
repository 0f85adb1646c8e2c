"""In what order is the work done? By amount, then age, then grade, worst first; questions only.

Amounts of several currencies are never compared: the list goes currency by currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.domain.grades import UNRATED, WORST_FIRST, rank
from services.dunning.accounts.projections.account_facts import (
    AccountRow,
    GradeRow,
    OpenItemRow,
    account,
)
from services.dunning.work.domain.case.events import CaseClosed
from services.dunning.work.domain.idle_tasks import IdleTasks
from services.dunning.work.domain.task.events import TaskOpened
from services.dunning.work.projections.work_list import CaseItemRow, CaseRow, TaskItemRow, TaskRow
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.platform.projector.keyset import Record, one_of, one_row, rows_after
from shared.platform.projector.rows import table_of
from shared.platform.projector.sums import sum_in

KEY: Final = ("currency", "minus_minor", "oldest_due_on", "grade_rank", "id")

_case, _case_item = table_of(CaseRow), table_of(CaseItemRow)
_task, _task_item = table_of(TaskRow), table_of(TaskItemRow)
_item, _grade, _account = table_of(OpenItemRow), table_of(GradeRow), table_of(AccountRow)


def _open_minor(tenant_id: UUID, owner: sa.Table, of: sa.Table) -> sa.ScalarSelect[int]:
    """What is open today, in its currency, of the items a case or a task names."""
    owned = of.c.case_id if of is _case_item else of.c.task_id
    return (
        sa.select(sum_in(owner.c.currency, _item.c.currency, _item.c.open_minor))
        .join_from(
            of,
            _item,
            sa.and_(
                _item.c.tenant_id == of.c.tenant_id,
                _item.c.open_item_id == of.c.open_item_id,
            ),
        )
        .where(of.c.tenant_id == tenant_id, owned == owner.c.id)
        .correlate(owner)
        .scalar_subquery()
    )


def _grade_now(tenant_id: UUID, account_id: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    latest = (
        sa.select(_grade.c.grade)
        .where(_grade.c.tenant_id == tenant_id, _grade.c.account_id == account_id)
        .order_by(_grade.c.effective_on.desc())
        .limit(1)
    )
    return sa.func.coalesce(latest.scalar_subquery(), UNRATED)


def _tasks(tenant_id: UUID) -> sa.Select[Any]:
    return sa.select(
        sa.literal("task").label("kind"),
        _task.c.id,
        _task.c.version,
        _task.c.account_id,
        _task.c.account_number,
        _task.c.legal_entity,
        _task.c.kind.label("task"),
        _task.c.step,
        _task.c.opened_on,
        _task.c.currency,
        _task.c.oldest_due_on,
        _open_minor(tenant_id, _task, _task_item).label("open_minor"),
    ).where(_task.c.tenant_id == tenant_id, _task.c.status == "open")


def _cases(tenant_id: UUID) -> sa.Select[Any]:
    oldest = sa.select(sa.func.min(_case_item.c.due_on)).where(
        _case_item.c.tenant_id == tenant_id, _case_item.c.case_id == _case.c.id
    )
    return sa.select(
        sa.literal("case").label("kind"),
        _case.c.id,
        _case.c.version,
        _case.c.account_id,
        _case.c.account_number,
        _case.c.legal_entity,
        sa.cast(sa.null(), sa.Text).label("task"),
        sa.cast(sa.null(), sa.Integer).label("step"),
        _case.c.opened_on,
        _case.c.currency,
        sa.func.coalesce(oldest.scalar_subquery(), _case.c.opened_on).label("oldest_due_on"),
        _open_minor(tenant_id, _case, _case_item).label("open_minor"),
    ).where(_case.c.tenant_id == tenant_id, _case.c.status == "open")


async def work_list(
    connection: AsyncConnection,
    tenant_id: UUID,
    filters: Mapping[str, Sequence[object]],
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Record]:
    """Open cases, and open tasks of which something is still owed. Nobody calls who has paid."""
    work = sa.union_all(_tasks(tenant_id), _cases(tenant_id)).subquery("work")
    grade = _grade_now(tenant_id, work.c.account_id)
    ranked = (
        sa.select(
            work,
            _account.c.collector_id,
            (-work.c.open_minor).label("minus_minor"),
            grade.label("grade"),
            sa.case(
                {name: place for place, name in enumerate(WORST_FIRST)},
                value=grade,
                else_=rank(UNRATED),
            ).label("grade_rank"),
        )
        .join_from(
            work,
            _account,
            sa.and_(_account.c.tenant_id == tenant_id, _account.c.account_id == work.c.account_id),
            isouter=True,
        )
        .subquery("ranked")
    )
    statement = sa.select(ranked).where(
        sa.or_(ranked.c.kind == "case", ranked.c.open_minor > 0),
        *(ranked.c[name].in_(values) for name, values in filters.items()),
    )
    return await rows_after(connection, statement, [ranked.c[name] for name in KEY], after, limit)


async def amounts_of_cases(
    connection: AsyncConnection, tenant_id: UUID, cases: Sequence[UUID]
) -> Sequence[Record]:
    """The items of these cases, with what is open of them now."""
    statement = (
        sa.select(_case_item, sa.func.coalesce(_item.c.open_minor, 0).label("open_minor"))
        .join_from(
            _case_item,
            _item,
            sa.and_(
                _item.c.tenant_id == _case_item.c.tenant_id,
                _item.c.open_item_id == _case_item.c.open_item_id,
            ),
            isouter=True,
        )
        .where(_case_item.c.tenant_id == tenant_id, _case_item.c.case_id.in_(cases))
        .order_by(_case_item.c.due_on, _case_item.c.invoice_number, _case_item.c.installment)
    )
    rows: Sequence[Record] = (await connection.execute(statement)).mappings().all()
    return rows


async def items_of_tasks(
    connection: AsyncConnection, tenant_id: UUID, tasks: Sequence[UUID]
) -> Sequence[Record]:
    """The items of these tasks, as they were when the tasks were opened."""
    statement = (
        sa.select(_task_item)
        .where(_task_item.c.tenant_id == tenant_id, _task_item.c.task_id.in_(tasks))
        .order_by(_task_item.c.due_on, _task_item.c.invoice_number, _task_item.c.installment)
    )
    rows: Sequence[Record] = (await connection.execute(statement)).mappings().all()
    return rows


async def idle_tasks(
    connection: AsyncConnection, recorded: Recorded[CaseClosed | TaskOpened]
) -> IdleTasks:
    """Open tasks of the account in whose currency nothing is overdue, so that nothing is to do."""
    tenant_id, account_id = recorded.tenant_id, recorded.event.account_id
    is_in_case = sa.exists().where(
        _case.c.tenant_id == tenant_id,
        _case.c.account_id == account_id,
        _case.c.currency == _task.c.currency,
        _case.c.status == "open",
    )
    found = await connection.execute(
        sa.select(_task.c.id).where(
            _task.c.tenant_id == tenant_id,
            _task.c.account_id == account_id,
            _task.c.status == "open",
            sa.not_(is_in_case),
        )
    )
    known = await account(connection, tenant_id, account_id)
    if known is None:
        raise CorruptHistory("a task of an account that was never opened")
    return IdleTasks(task_ids=tuple(found.scalars()), time_zone=known.time_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Which cases; None: all."""

    status: Sequence[str] | None = None
    account_id: Sequence[UUID] | None = None
    legal_entity: Sequence[str] | None = None
    account_number: Sequence[str] | None = None
    currency: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """Which tasks; None: all."""

    status: Sequence[str] | None = None
    kind: Sequence[str] | None = None
    step: Sequence[int] | None = None
    account_id: Sequence[UUID] | None = None


async def list_by_opening(
    connection: AsyncConnection,
    tenant_id: UUID,
    asked: Cases | Tasks,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Record]:
    """Cases or tasks by the day they were opened."""
    table = _case if isinstance(asked, Cases) else _task
    of = table.c
    found = sa.select(table).where(of.tenant_id == tenant_id, *one_of(of, asdict(asked)))
    return await rows_after(connection, found, [of.opened_on, of.id], after, limit)


async def find_one(
    connection: AsyncConnection, tenant_id: UUID, rows: type[CaseRow] | type[TaskRow], id: UUID
) -> Record | None:
    of = table_of(rows).c
    wanted = sa.select(table_of(rows)).where(of.tenant_id == tenant_id, of.id == id)
    return await one_row(connection, wanted)
