"""What a notice that reached nobody asks: what is owed, and whether somebody was asked already."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.projections.account_facts import owed_by, zone_of_account
from services.dunning.contract.inbox import AccountDetailsChanged
from services.dunning.notices.domain.notice.events import NoticeFailed, NoticeUndeliverable
from services.dunning.strategies.domain.dunning_plan import ASK_FOR_ADDRESS
from services.dunning.strategies.domain.review import listed
from services.dunning.work.domain.idle_tasks import IdleTasks
from services.dunning.work.domain.unreached import Unreached
from services.dunning.work.projections.review_facts import owed_item
from services.dunning.work.projections.work_list import TaskRow
from shared.kernel.envelope import Recorded
from shared.platform.projector.rows import table_of

_task: Final = table_of(TaskRow)


async def facts_of_unreached(
    connection: AsyncConnection, recorded: Recorded[NoticeFailed | NoticeUndeliverable]
) -> Unreached:
    """Where nobody can be reached, the first part of a notice asks for all of them."""
    tenant_id, event = recorded.tenant_id, recorded.event
    is_asked_for = event.part == 1 or isinstance(event, NoticeFailed)
    customer = (tenant_id, event.account_id, event.currency)
    owed = await owed_by(connection, *customer) if is_asked_for else ()
    asked = await connection.execute(
        sa.select(_task.c.kind).where(
            _task.c.tenant_id == tenant_id,
            _task.c.account_id == event.account_id,
            _task.c.currency == event.currency,
            _task.c.status == "open",
        )
    )
    return Unreached(
        time_zone=await zone_of_account(connection, recorded),
        items=listed([owed_item(row) for row in owed], event.step, recorded.effective_on),
        asked=frozenset(asked.scalars()),
    )


async def requests_for_addresses(
    connection: AsyncConnection, recorded: Recorded[AccountDetailsChanged]
) -> IdleTasks:
    """The open tasks that ask for an address of the account, in whatever currency."""
    tenant_id, account_id = recorded.tenant_id, recorded.event.account_id
    found = await connection.execute(
        sa.select(_task.c.id).where(
            _task.c.tenant_id == tenant_id,
            _task.c.account_id == account_id,
            _task.c.kind == ASK_FOR_ADDRESS,
            _task.c.status == "open",
        )
    )
    zone = await zone_of_account(connection, recorded)
    return IdleTasks(task_ids=tuple(found.scalars()), time_zone=zone)
