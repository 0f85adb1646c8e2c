"""Route of the work list: whom to work on now, the most and oldest money of the worst first."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.api.account_view import AccountRefView, account_of
from services.dunning.accounts.api.listed_item_view import ListedItemView
from services.dunning.accounts.api.listed_item_view import of_row as listed_item
from services.dunning.strategies.domain.next_step import WaitingStep, next_step
from services.dunning.work.api.tasks import Kind
from services.dunning.work.projections.customer_work import (
    READS,
    CustomerWork,
    Waiting,
    customer_of,
    work_of,
)
from services.dunning.work.projections.work_order import KEY, Asked, customers_in_order
from shared.kernel.days import day_at
from shared.kernel.money import Money
from shared.platform.http.models import Code, Id
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, View, answers, page, said
from shared.platform.projector.keyset import Record

router = APIRouter(prefix="/work-list", tags=["work list"])

ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"


class OpenCaseView(View, frozen=True, kw_only=True):
    """The open case of a customer in a currency; its id is the row's."""

    version: Annotated[int, said("Its present version.", 2)]
    opened_on: Annotated[date, said("When it was opened last.", "2026-03-03")]


class NextStepView(View, frozen=True, kw_only=True):
    """What the plan will do next. A promise, money on account or a recent notice may put it off."""

    step: Annotated[int, said("The threshold, in days past due.", 30)]
    on: Annotated[date, said("The day of its review, or on which it is reached.", "2026-04-01")]


class OpenTaskView(View, frozen=True, kw_only=True):
    """A task that is to do: something is still owed of its items."""

    id: Annotated[UUID, said("Of the task.", ID)]
    version: Annotated[int, said("Its present version.", 1)]
    kind: Annotated[Kind, said("What is to be done.", "phone")]
    step: Annotated[int | None, said("Days past due it answers; null: no threshold.", 30)]
    opened_on: Annotated[date, said("Business date.", "2026-04-01")]


class LastContactView(View, frozen=True, kw_only=True):
    """The latest attempt to reach the customer, whatever it was about."""

    id: Annotated[UUID, said("Of the contact.", ID)]
    contacted_at: Annotated[datetime, said("When it happened.", "2026-04-02T02:00:00Z")]
    contacted_on: Annotated[date, said("The day it was then for the customer.", "2026-04-02")]
    channel: Annotated[str, said("phone, email, letter, visit or wechat.", "phone")]
    outcome: Annotated[str, said("What came of it.", "reached")]


class OpenPromiseView(View, frozen=True, kw_only=True):
    """An open promise to pay."""

    id: Annotated[UUID, said("Of the promise.", ID)]
    number: Annotated[str, said("The caller's, or made from the key.", "promise-7")]
    amount: Annotated[Money, said("What was promised.")]
    promised_on: Annotated[date, said("By when.", "2026-04-09")]


class CustomerWorkView(View, frozen=True, kw_only=True):
    """A customer in one currency on whom somebody should work."""

    id: Annotated[UUID, said("Of its case, open or not: always the same.", ID)]
    account: Annotated[AccountRefView, said("The customer's.")]
    collector_id: Annotated[UUID | None, said("Who collects from it.", ID)]
    grade: Annotated[str, said("The customer's now.", "一般")]
    open_amount: Annotated[Money, said("All that is open and has a due date.")]
    overdue_amount: Annotated[Money, said("What of it is overdue.")]
    oldest_item: Annotated[ListedItemView | None, said("The oldest that is overdue.")]
    case: Annotated[OpenCaseView | None, said("Null: none is open.")]
    next_step: Annotated[NextStepView | None, said("Null: the plan has come to its end.")]
    tasks: Annotated[list[OpenTaskView], said("The first of those to do, most severe first.")]
    task_count: Annotated[int, said("How many are to do in all.", 1)]
    last_contact: Annotated[LastContactView | None, said("In any currency; null: never.")]
    open_promise: Annotated[OpenPromiseView | None, said("The one due first; null: none.")]
    open_promise_count: Annotated[int, said("How many are open in all.", 1)]


@router.get("", responses=answers(Page[CustomerWorkView]))
async def show_work_list(
    query: QueryContext,
    paging: Paging,
    task: Annotated[
        list[Kind] | None,
        Query(description="With a task of this kind to do.", examples=[["phone"]]),
    ] = None,
    account_id: Annotated[
        list[Id] | None, Query(description="Of this account.", examples=[[ID]])
    ] = None,
    legal_entity: Annotated[
        list[Code] | None, Query(description="Of this company of ours.", examples=[["CN01"]])
    ] = None,
    collector_id: Annotated[
        list[Id] | None, Query(description="From whom this one collects.", examples=[[ID]])
    ] = None,
    currency: Annotated[
        list[str] | None, Query(description="In this currency, ISO 4217.", examples=[["CNY"]])
    ] = None,
) -> Response:
    """Customers with an open case or a task to do, each once in a currency, worst first.

    By currency, then overdue amount, age and grade. Who owes nothing any more is not on it.
    """
    asked = Asked(
        task=task,
        account_id=account_id,
        legal_entity=legal_entity,
        collector_id=collector_id,
        currency=currency,
    )
    async with query.of(*READS) as connection:
        rows = await customers_in_order(
            connection, query.tenant_id, asked, paging.after, paging.limit
        )
        works = await work_of(connection, query.tenant_id, rows[: paging.limit])
    return page(
        paging,
        rows,
        lambda row: [row[name] for name in KEY],
        lambda row: of_work(row, works[customer_of(row)], query.today(row["time_zone"])),
    )


def of_work(row: Record, work: CustomerWork, today: date) -> CustomerWorkView:
    currency = row["currency"]
    step = next_step(
        today=today,
        grade=row["grade"],
        debts=work.debts,
        waiting=_waiting(work.waiting, row["time_zone"], today),
    )
    return CustomerWorkView(
        id=work.id,
        account=account_of(row),
        collector_id=row["collector_id"],
        grade=row["grade"],
        open_amount=work.open_amount,
        overdue_amount=Money(row["overdue_minor"], currency),
        oldest_item=listed_item(work.oldest) if work.oldest else None,
        case=_case(row) if row["case_version"] else None,
        next_step=NextStepView(step=step.step, on=step.on) if step else None,
        tasks=[_task(one) for one in work.tasks],
        task_count=work.tasks[0]["count"] if work.tasks else 0,
        last_contact=_contact(work.contact) if work.contact else None,
        open_promise=_promise(work.promise) if work.promise else None,
        open_promise_count=work.promise["count"] if work.promise else 0,
    )


def _waiting(waiting: Waiting | None, time_zone: str, today: date) -> WaitingStep | None:
    if waiting is None:
        return None
    on = day_at(waiting.review_at, time_zone) if waiting.review_at else today
    return WaitingStep(step=waiting.step, is_returned=waiting.is_returned, review_on=on)


def _case(row: Record) -> OpenCaseView:
    return OpenCaseView(version=row["case_version"], opened_on=row["case_opened_on"])


def _task(row: Record) -> OpenTaskView:
    return OpenTaskView(
        id=row["id"],
        version=row["version"],
        kind=row["kind"],
        step=row["step"],
        opened_on=row["opened_on"],
    )


def _contact(row: Record) -> LastContactView:
    return LastContactView(
        id=row["id"],
        contacted_at=row["contacted_at"],
        contacted_on=row["day"],
        channel=row["channel"],
        outcome=row["outcome"],
    )


def _promise(row: Record) -> OpenPromiseView:
    return OpenPromiseView(
        id=row["id"],
        number=row["number"],
        amount=Money(row["amount_minor"], row["currency"]),
        promised_on=row["promised_on"],
    )
