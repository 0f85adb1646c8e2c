"""Routes of cases: what of an account is overdue now. Cases open and close by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.api.account_view import AccountRefView, account_of
from services.dunning.accounts.api.listed_item_view import ListedItemView
from services.dunning.work.projections.cases_and_tasks import (
    Cases,
    amounts_of_cases,
    find_one,
    list_by_opening,
)
from services.dunning.work.projections.work_list import CaseRow
from shared.kernel.money import Money, total
from shared.platform.http.models import Code, Id, Number
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, View, answers, found, page, said, shown
from shared.platform.projector.keyset import Record, grouped

router = APIRouter(prefix="/cases", tags=["cases"])

ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"


class CaseItemView(ListedItemView, frozen=True, kw_only=True):
    """An overdue item of a case, with what is open of it now."""

    invoice_id: Annotated[UUID, said("The invoice's id in ledger.", ID)]


class CaseView(View, frozen=True, kw_only=True):
    """The overdue items of one account in one currency."""

    id: Annotated[UUID, said("Of the case.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 2)]
    account: Annotated[AccountRefView, said("Whose it is.")]
    currency: Annotated[str, said("ISO 4217 code.", "CNY")]
    status: Annotated[Literal["open", "closed"], said("Open while an item is overdue.", "open")]
    opened_on: Annotated[date, said("When it was opened last.", "2026-03-03")]
    closed_on: Annotated[date | None, said("When it was closed.", "2026-03-20")]
    open_amount: Annotated[Money, said("What is open of its items now.")]
    items: Annotated[list[CaseItemView], said("Those that are overdue now.")]


@router.get("", responses=answers(Page[CaseView]))
async def list_cases(
    query: QueryContext,
    paging: Paging,
    status: Annotated[list[Literal["open", "closed"]] | None, Query()] = None,
    account_id: Annotated[list[Id] | None, Query()] = None,
    legal_entity: Annotated[list[Code] | None, Query()] = None,
    account_number: Annotated[list[Number] | None, Query()] = None,
    currency: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """One open case per account and currency; closed ones open again when need be."""
    asked = Cases(
        status=status,
        account_id=account_id,
        legal_entity=legal_entity,
        account_number=account_number,
        currency=currency,
    )
    async with query.of("work_list", "account_facts") as connection:
        rows = await list_by_opening(connection, query.tenant_id, asked, paging.after, paging.limit)
        items = await amounts_of_cases(connection, query.tenant_id, [row["id"] for row in rows])
    by_case = grouped(items, "case_id")
    return page(
        paging,
        rows,
        lambda row: (row["opened_on"], row["id"]),
        lambda row: of_row(row, by_case.get(row["id"], ())),
    )


@router.get("/{id}", responses=answers(CaseView))
async def show_case(id: Id, query: QueryContext) -> Response:
    async with query.of("work_list", "account_facts") as connection:
        row = found(await find_one(connection, query.tenant_id, CaseRow, id))
        items = await amounts_of_cases(connection, query.tenant_id, [id])
    return shown(of_row(row, items), version=row["version"])


def of_row(row: Record, items: Sequence[Record]) -> CaseView:
    currency = row["currency"]
    amounts = [Money(item["open_minor"], currency) for item in items]
    return CaseView(
        id=row["id"],
        version=row["version"],
        account=account_of(row),
        currency=currency,
        status=row["status"],
        opened_on=row["opened_on"],
        closed_on=row["closed_on"],
        open_amount=total(amounts, currency),
        items=[
            CaseItemView(
                open_item_id=item["open_item_id"],
                invoice_id=item["invoice_id"],
                invoice_number=item["invoice_number"],
                installment=item["installment"],
                due_on=item["due_on"],
                open_amount=amount,
            )
            for item, amount in zip(items, amounts, strict=True)
        ],
    )
