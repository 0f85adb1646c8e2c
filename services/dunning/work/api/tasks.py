"""Routes of tasks: what a person is asked to do, and that it was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from services.dunning.accounts.api.account_view import AccountRefView, account_of
from services.dunning.accounts.api.listed_item_view import ListedItemView, of_item
from services.dunning.accounts.projections import account_facts
from services.dunning.work.domain.task.commands import CompleteTask
from services.dunning.work.domain.task.decide import TaskNotOpen
from services.dunning.work.domain.task.state import Completed, State
from services.dunning.work.handlers import task as handlers
from services.dunning.work.projections.work_list import TaskRow
from services.dunning.work.projections.work_order import (
    Tasks,
    find_one,
    items_of_tasks,
    list_by_opening,
)
from shared.kernel.decider import Resource, expect
from shared.kernel.money import Money
from shared.kernel.rejections import EffectiveDateOutOfRange, UnknownAccount
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import Day, Id, RequestBody
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, View, answers, found, page, said, shown
from shared.platform.projector.keyset import Record, grouped

router = APIRouter(prefix="/tasks", tags=["tasks"])

ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"


class TaskView(View, frozen=True, kw_only=True):
    """What a person is asked to do at a step of the plan."""

    id: Annotated[UUID, said("Of the task.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 1)]
    account: Annotated[AccountRefView, said("Whom it is about.")]
    kind: Annotated[str, said("phone or legal_decision.", "phone")]
    due_on: Annotated[date, said("Due date of its items.", "2026-03-02")]
    step: Annotated[int, said("Days past due it answers.", 30)]
    grade: Annotated[str, said("The customer's when it was opened.", "一般")]
    status: Annotated[Literal["open", "completed"], said("Whether it was done.", "open")]
    opened_on: Annotated[date, said("Business date.", "2026-04-01")]
    outcome: Annotated[str | None, said("What came of it.", "reached")]
    completed_on: Annotated[date | None, said("When it was done.", "2026-04-02")]
    items: Annotated[list[ListedItemView], said("As they were when it was opened.", [])]


Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A code such as reached or no_answer; what was said belongs into a contact's text."""


class TaskCompletion(RequestBody):
    outcome: Word
    completed_on: Day | None = None


@router.get("", responses=answers(Page[TaskView]))
async def list_tasks(
    query: QueryContext,
    paging: Paging,
    status: Annotated[list[Literal["open", "completed"]] | None, Query()] = None,
    kind: Annotated[list[Literal["phone", "legal_decision"]] | None, Query()] = None,
    step: Annotated[list[int] | None, Query()] = None,
    account_id: Annotated[list[Id] | None, Query()] = None,
    due_on: Annotated[list[Day] | None, Query()] = None,
) -> Response:
    asked = Tasks(status=status, kind=kind, step=step, account_id=account_id, due_on=due_on)
    async with query.of("work_list") as connection:
        rows = await list_by_opening(connection, query.tenant_id, asked, paging.after, paging.limit)
        items = await items_of_tasks(connection, query.tenant_id, [row["id"] for row in rows])
    by_task = grouped(items, "task_id")
    return page(
        paging,
        rows,
        lambda row: (row["opened_on"], row["id"]),
        lambda row: of_row(row, by_task.get(row["id"], ())),
    )


@router.get("/{id}", responses=answers(TaskView))
async def show_task(id: Id, query: QueryContext) -> Response:
    async with query.of("work_list") as connection:
        row = found(await find_one(connection, query.tenant_id, TaskRow, id))
        items = await items_of_tasks(connection, query.tenant_id, [id])
    return shown(of_row(row, items), version=row["version"])


@router.post(
    "/{id}:complete",
    responses=answers(TaskView, refuses=(TaskNotOpen, UnknownAccount, EffectiveDateOutOfRange)),
)
async def complete_task(
    id: Id, body: TaskCompletion, context: CommandContext, query: QueryContext
) -> Response:
    info = await context.find(id, "task")
    async with query.of("account_facts") as connection:
        known = await account_facts.account(connection, context.tenant_id, info.account_id)
    if known is None:
        raise UnknownAccount
    today = context.today(known.time_zone)
    command = CompleteTask(
        task_id=id,
        outcome=body.outcome,
        completed_on=body.completed_on or today,
        today=today,
        time_zone=known.time_zone,
    )
    return await context.run(handlers.complete_task(command), of_state)


def of_row(row: Record, items: Sequence[Record]) -> TaskView:
    return TaskView(
        id=row["id"],
        version=row["version"],
        account=account_of(row),
        kind=row["kind"],
        due_on=row["due_on"],
        step=row["step"],
        grade=row["grade"],
        status=row["status"],
        opened_on=row["opened_on"],
        outcome=row["outcome"],
        completed_on=row["completed_on"],
        items=[
            ListedItemView(
                open_item_id=item["open_item_id"],
                invoice_number=item["invoice_number"],
                installment=item["installment"],
                due_on=item["due_on"],
                open_amount=Money(item["open_minor"], row["currency"]),
            )
            for item in items
        ],
    )


def of_state(resource: Resource[State]) -> TaskView:
    """As the answer of the command that completed it."""
    done = expect(resource.state, Completed)
    opened = done.opened
    return TaskView(
        id=resource.id,
        version=resource.version,
        account=AccountRefView(
            id=opened.account_id, legal_entity=resource.legal_entity, number=opened.account_number
        ),
        kind=opened.kind,
        due_on=opened.due_on,
        step=opened.step,
        grade=opened.grade,
        status="completed",
        opened_on=opened.opened_on,
        outcome=done.outcome,
        completed_on=done.completed_on,
        items=[of_item(item) for item in opened.items],
    )
