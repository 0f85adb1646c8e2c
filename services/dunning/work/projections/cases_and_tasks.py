"""Which cases and tasks are there, of what, and which tasks are idle? Questions only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.projections.account_facts import OpenItemRow, zone_of_account
from services.dunning.work.domain.case.events import CaseClosed
from services.dunning.work.domain.idle_tasks import IdleTasks
from services.dunning.work.domain.task.events import TaskOpened
from services.dunning.work.projections.work_list import CaseItemRow, CaseRow, TaskItemRow, TaskRow
from shared.kernel.envelope import Recorded
from shared.platform.projector.keyset import Record, one_of, one_row, rows_after
from shared.platform.projector.rows import table_of

_case, _case_item = table_of(CaseRow), table_of(CaseItemRow)
_task, _task_item = table_of(TaskRow), table_of(TaskItemRow)
_item: Final = table_of(OpenItemRow)


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
    zone = await zone_of_account(connection, recorded)
    return IdleTasks(task_ids=tuple(found.scalars()), time_zone=zone)


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
