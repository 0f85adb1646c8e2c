"""Routes of cases: what of an account is overdue now. Cases open and close by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.views.account import account_of
from services.dunning.work.projections.work_list import CaseRow
from services.dunning.work.projections.work_order import amounts_of_cases
from shared.kernel.money import Money, total
from shared.platform.http.bodies import answer, found, page
from shared.platform.http.models import Code, Id, ShortText
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.projector.keyset import Record, one_of, rows_after
from shared.platform.projector.rows import table_of

router = APIRouter(prefix="/cases", tags=["cases"])

KEY = ("opened_on", "id")
TABLE = table_of(CaseRow)


@router.get("")
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
    wanted = one_of(
        TABLE.c,
        {
            "status": status,
            "account_id": account_id,
            "legal_entity": legal_entity,
            "account_number": account_number,
            "currency": currency,
        },
    )
    async with query.of("work_list", "account_facts") as connection:
        rows = await rows_after(
            connection,
            sa.select(TABLE).where(TABLE.c.tenant_id == query.tenant_id, *wanted),
            [TABLE.c[name] for name in KEY],
            paging.after,
            paging.limit,
        )
        items = await amounts_of_cases(connection, query.tenant_id, [row["id"] for row in rows])
    by_case = _by_case(items)
    return page(paging, rows, KEY, [_case(row, by_case.get(row["id"], ())) for row in rows])


@router.get("/{id}")
async def show_case(id: Id, query: QueryContext) -> Response:
    async with query.of("work_list", "account_facts") as connection:
        result = await connection.execute(
            sa.select(TABLE).where(TABLE.c.tenant_id == query.tenant_id, TABLE.c.id == id)
        )
        row = found(result.mappings().one_or_none())
        items = await amounts_of_cases(connection, query.tenant_id, [id])
    return answer(_case(row, items), row["version"])


def _by_case(items: Sequence[Record]) -> Mapping[UUID, Sequence[Record]]:
    by_case: dict[UUID, list[Record]] = {}
    for item in items:
        by_case.setdefault(item["case_id"], []).append(item)
    return by_case


def _case(row: Record, items: Sequence[Record]) -> dict[str, object]:
    currency = row["currency"]
    amounts = [Money(item["open_minor"], currency) for item in items]
    return {
        "id": row["id"],
        "version": row["version"],
        "account": account_of(row),
        "currency": currency,
        "status": row["status"],
        "opened_on": row["opened_on"],
        "closed_on": row["closed_on"],
        "open_amount": total(amounts, currency),
        "items": [
            {
                "open_item_id": item["open_item_id"],
                "invoice_id": item["invoice_id"],
                "invoice_number": item["invoice_number"],
                "installment": item["installment"],
                "due_on": item["due_on"],
                "open_amount": amount,
            }
            for item, amount in zip(items, amounts, strict=True)
        ],
    }
