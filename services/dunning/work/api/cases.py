"""Routes of cases: what of an account is overdue now. Cases open and close by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.views.account import account_of
from services.dunning.work.projections.work_list import CaseRow
from services.dunning.work.projections.work_order import (
    Cases,
    amounts_of_cases,
    find_one,
    list_by_opening,
)
from services.dunning.work.views.work import CaseItemView, CaseView
from shared.kernel.money import Money, total
from shared.platform.http.models import Code, Id, ShortText
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, answers, found, page, shown
from shared.platform.projector.keyset import Record, grouped

router = APIRouter(prefix="/cases", tags=["cases"])


@router.get("", responses=answers(Page[CaseView]))
async def list_cases(
    query: QueryContext,
    paging: Paging,
    status: Annotated[list[Literal["open", "closed"]] | None, Query()] = None,
    account_id: Annotated[list[Id] | None, Query()] = None,
    legal_entity: Annotated[list[Code] | None, Query()] = None,
    account_number: Annotated[list[ShortText] | None, Query()] = None,
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
