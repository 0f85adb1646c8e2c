"""Routes of tasks: what a person is asked to do, and that it was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from services.dunning.accounts.api.account_view import AccountRefView, account_of
from services.dunning.accounts.api.listed_item_view import ListedItemView, of_item
from services.dunning.accounts.api.listed_item_view import of_row as listed_item
from services.dunning.accounts.projections import account_facts
from services.dunning.work.domain.task.commands import CompleteTask
from services.dunning.work.domain.task.decide import TaskAlreadyCompleted, TaskNotOpen
from services.dunning.work.domain.task.state import Completed, State
from services.dunning.work.handlers import task as handlers
from services.dunning.work.projections.cases_and_tasks import (
    Tasks,
    find_one,
    items_of_tasks,
    list_by_opening,
)
from services.dunning.work.projections.work_list import TaskRow
from shared.kernel.decider import Resource, expect
from shared.kernel.money import Money
from shared.kernel.rejections import EffectiveDateOutOfRange, UnknownAccount
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import Day, Id, RequestBody, WholeNumber
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, View, answers, found, page, said, shown
from shared.platform.projector.keyset import Record, grouped

router = APIRouter(prefix="/tasks", tags=["tasks"])

ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"


MONEY: Final = {"amount": "8000.00", "currency": "CNY"}

Status = Literal["open", "completed", "withdrawn"]
Kind = Literal["phone", "legal_decision", "allocate_money", "ask_for_address", "check_notice"]


class TaskView(View, frozen=True, kw_only=True):
    """What a person is asked to do at a step of the plan."""

    id: Annotated[UUID, said("Of the task.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 1)]
    account: Annotated[AccountRefView, said("Whom it is about.")]
    currency: Annotated[str, said("Of its items, ISO 4217.", "CNY")]
    kind: Annotated[Kind, said("What is to be done.", "phone")]
    step: Annotated[int | None, said("Days past due it answers; null: no threshold.", 30)]
    oldest_due_on: Annotated[date, said("Of its items.", "2026-03-02")]
    grade: Annotated[str, said("The customer's when it was opened.", "一般")]
    status: Annotated[Status, said("Whether it was done, or needs not be done.", "open")]
    opened_on: Annotated[date, said("Business date.", "2026-04-01")]
    outcome: Annotated[str | None, said("What came of it, or why it was withdrawn.", "reached")]
    ended_on: Annotated[date | None, said("When it was completed or withdrawn.", "2026-04-02")]
    items: Annotated[list[ListedItemView], said("The oldest, as they were at its opening.")]
    item_count: Annotated[int, said("How many items it is about in all.", 1)]
    open_amount: Annotated[Money, said("Of all items, when it was opened.")]


Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A code such as reached or no_answer; what was said belongs into a contact's text."""


class TaskCompletion(RequestBody):
    outcome: Word
    completed_on: Day | None = None


@router.get("", responses=answers(Page[TaskView]))
async def list_tasks(
    query: QueryContext,
    paging: Paging,
    status: Annotated[list[Status] | None, Query()] = None,
    kind: Annotated[list[Kind] | None, Query()] = None,
    step: Annotated[list[WholeNumber] | None, Query()] = None,
    account_id: Annotated[list[Id] | None, Query()] = None,
) -> Response:
    asked = Tasks(status=status, kind=kind, step=step, account_id=account_id)
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


REFUSES: Final = (TaskNotOpen, TaskAlreadyCompleted, UnknownAccount, EffectiveDateOutOfRange)


@router.post(
    "/{id}:complete",
    responses=answers(TaskView, refuses=REFUSES),
)
async def complete_task(
    id: Id, body: TaskCompletion, context: CommandContext, query: QueryContext
) -> Response:
    info = await context.find(id, "task")
    async with query.of("account_facts") as connection:
        known = await account_facts.account(connection, context.tenant_id, info.account_id)
    if known is None:
        raise UnknownAccount
    command = CompleteTask(
        task_id=id,
        outcome=body.outcome,
        completed_on=body.completed_on,
        today=context.today(known.time_zone),
        time_zone=known.time_zone,
    )
    return await context.run(handlers.complete_task(command), of_state)


def of_row(row: Record, items: Sequence[Record]) -> TaskView:
    return TaskView(
        id=row["id"],
        version=row["version"],
        account=account_of(row),
        currency=row["currency"],
        kind=row["kind"],
        step=row["step"],
        oldest_due_on=row["oldest_due_on"],
        grade=row["grade"],
        status=row["status"],
        opened_on=row["opened_on"],
        outcome=row["outcome"],
        ended_on=row["ended_on"],
        items=[listed_item(item) for item in items],
        item_count=row["item_count"],
        open_amount=Money(row["open_minor"], row["currency"]),
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
        currency=opened.currency,
        kind=cast(Kind, opened.kind),
        step=opened.step,
        oldest_due_on=opened.oldest_due_on,
        grade=opened.grade,
        status="completed",
        opened_on=opened.opened_on,
        outcome=done.outcome,
        ended_on=done.completed_on,
        items=[of_item(item) for item in opened.items],
        item_count=opened.item_count,
        open_amount=opened.open_amount,
    )
