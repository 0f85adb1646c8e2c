"""Routes of notices: who is reminded of what. They are queued by the plan, never by a request."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import sqlalchemy as sa
from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.views.account import account_of
from services.dunning.notices.projections.notices import NoticeRow
from shared.platform.http.bodies import answer, found, page
from shared.platform.http.models import Day, Id
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.projector.keyset import Record, one_of, rows_after
from shared.platform.projector.rows import table_of

router = APIRouter(prefix="/notices", tags=["notices"])

KEY = ("queued_on", "id")
TABLE = table_of(NoticeRow)
Template = Literal["pre_due", "reminder", "dunning_letter", "final_notice"]


@router.get("")
async def list_notices(
    query: QueryContext,
    paging: Paging,
    status: Annotated[list[Literal["queued", "accepted"]] | None, Query()] = None,
    channel: Annotated[list[Literal["email", "letter"]] | None, Query()] = None,
    template: Annotated[list[Template] | None, Query()] = None,
    step: Annotated[list[int] | None, Query()] = None,
    account_id: Annotated[list[Id] | None, Query()] = None,
    due_on: Annotated[list[Day] | None, Query()] = None,
) -> Response:
    wanted = one_of(
        TABLE.c,
        {
            "status": status,
            "channel": channel,
            "template": template,
            "step": step,
            "account_id": account_id,
            "due_on": due_on,
        },
    )
    async with query.of("notices") as connection:
        rows = await rows_after(
            connection,
            sa.select(TABLE).where(TABLE.c.tenant_id == query.tenant_id, *wanted),
            [TABLE.c[name] for name in KEY],
            paging.after,
            paging.limit,
        )
    return page(paging, rows, KEY, [_notice(row) for row in rows])


@router.get("/{id}")
async def show_notice(id: Id, query: QueryContext) -> Response:
    async with query.of("notices") as connection:
        result = await connection.execute(
            sa.select(TABLE).where(TABLE.c.tenant_id == query.tenant_id, TABLE.c.id == id)
        )
        row = found(result.mappings().one_or_none())
    return answer(_notice(row), row["version"])


def _notice(row: Record) -> dict[str, object]:
    return {
        "id": row["id"],
        "version": row["version"],
        "account": account_of(row),
        "channel": row["channel"],
        "template": row["template"],
        "due_on": row["due_on"],
        "step": row["step"],
        "grade": row["grade"],
        "currency": row["currency"],
        "status": row["status"],
        "queued_on": row["queued_on"],
        "message_id": row["message_id"],
        "items": msgspec.Raw(row["items"].encode()),
    }
