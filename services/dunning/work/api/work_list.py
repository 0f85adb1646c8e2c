"""Route of the work list: what to do now, the most and oldest money of the worst payers first."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.api.account_view import AccountRefView, account_of
from services.dunning.work.projections.work_order import KEY, work_list
from shared.kernel.money import Money
from shared.platform.http.models import Code, Id
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, View, answers, page, said
from shared.platform.projector.keyset import Record

router = APIRouter(prefix="/work-list", tags=["work list"])

ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"


class WorkItemView(View, frozen=True, kw_only=True):
    """A case or a task that somebody should look at."""

    kind: Annotated[Literal["case", "task"], said("Which of both.", "case")]
    id: Annotated[UUID, said("Of the case or task.", ID)]
    version: Annotated[int, said("Its present version.", 2)]
    account: Annotated[AccountRefView, said("Whose it is.")]
    collector_id: Annotated[UUID | None, said("Who collects from it.", ID)]
    task: Annotated[str | None, said("The kind of task; null: a case.", "phone")]
    step: Annotated[int | None, said("Days past due a task answers.", 30)]
    opened_on: Annotated[date, said("Business date.", "2026-03-03")]
    oldest_due_on: Annotated[date, said("Of its items.", "2026-03-02")]
    open_amount: Annotated[Money, said("What is open of its items now.")]
    grade: Annotated[str, said("The customer's now.", "一般")]


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
