"""Route of the collection ledger (催收台账): what was done to collect, by account, kind and day."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.views.account import account_of
from services.dunning.work.projections.collection_ledger import EntryRow, entries
from shared.platform.http.bodies import page
from shared.platform.http.models import Code, Day, Id
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.projector.keyset import Record, one_of
from shared.platform.projector.rows import table_of

router = APIRouter(prefix="/collection-ledger", tags=["collection ledger"])

KEY = ("day", "recorded_at", "log_offset", "id")
Kind = Literal["case", "overdue_alert", "notice", "task", "contact", "promise"]


@router.get("")
async def show_collection_ledger(
    query: QueryContext,
    paging: Paging,
    account_id: Annotated[list[Id] | None, Query()] = None,
    legal_entity: Annotated[list[Code] | None, Query()] = None,
    kind: Annotated[list[Kind] | None, Query()] = None,
    day: Annotated[list[Day] | None, Query()] = None,
    day_from: Annotated[Day | None, Query()] = None,
    day_to: Annotated[Day | None, Query()] = None,
) -> Response:
    table = table_of(EntryRow)
    wanted = [
        *one_of(
            table.c,
            {"account_id": account_id, "legal_entity": legal_entity, "kind": kind, "day": day},
        ),
        *([table.c.day >= day_from] if day_from else []),
        *([table.c.day <= day_to] if day_to else []),
    ]
    async with query.of("collection_ledger", "account_facts") as connection:
        rows = await entries(connection, query.tenant_id, wanted, paging.after, paging.limit)
    return page(paging, rows, KEY, [_entry(row) for row in rows])


def _entry(row: Record) -> dict[str, object]:
    return {
        "id": row["id"],
        "account": account_of(row),
        "kind": row["kind"],
        "event": row["event"],
        "day": row["day"],
        "recorded_at": row["recorded_at"],
        "resource_id": row["resource_id"],
        "version": row["version"],
        "details": msgspec.Raw(row["details"].encode()),
        "note": row["note"],
    }
