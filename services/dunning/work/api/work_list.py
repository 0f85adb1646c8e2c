"""Route of the work list: what to do now, the most and oldest money of the worst payers first."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.views.account import account_of
from services.dunning.work.projections.work_order import KEY, work_list
from services.dunning.work.views.work import WorkItemView
from shared.kernel.money import Money
from shared.platform.http.models import Code, Id
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, answers, page
from shared.platform.projector.keyset import Record

router = APIRouter(prefix="/work-list", tags=["work list"])


@router.get("", responses=answers(Page[WorkItemView]))
async def show_work_list(
    query: QueryContext,
    paging: Paging,
    kind: Annotated[list[Literal["case", "task"]] | None, Query()] = None,
    account_id: Annotated[list[Id] | None, Query()] = None,
    legal_entity: Annotated[list[Code] | None, Query()] = None,
    collector_id: Annotated[list[Id] | None, Query()] = None,
    currency: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """Open cases and tasks; a task whose items are paid meanwhile is on `/tasks` only."""
    wanted = {
        "kind": kind,
        "account_id": account_id,
        "legal_entity": legal_entity,
        "collector_id": collector_id,
        "currency": currency,
    }
    filters = {name: values for name, values in wanted.items() if values}
    async with query.of("work_list", "account_facts") as connection:
        rows = await work_list(connection, query.tenant_id, filters, paging.after, paging.limit)
    return page(paging, rows, lambda row: [row[name] for name in KEY], of_row)


def of_row(row: Record) -> WorkItemView:
    return WorkItemView(
        kind=row["kind"],
        id=row["id"],
        version=row["version"],
        account=account_of(row),
        collector_id=row["collector_id"],
        task=row["task"],
        step=row["step"],
        opened_on=row["opened_on"],
        oldest_due_on=row["oldest_due_on"],
        open_amount=Money(row["open_minor"], row["currency"]),
        grade=row["grade"],
    )
