"""Route of the collection ledger (催收台账): what was done to collect, by account, kind and day."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.views.account import account_of
from services.dunning.work.projections.collection_ledger import Asked, entries
from services.dunning.work.views.work import CollectionEntryView
from shared.platform.http.models import Code, Day, Id
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, answers, page
from shared.platform.projector.keyset import Record

router = APIRouter(prefix="/collection-ledger", tags=["collection ledger"])

KEY = ("day", "recorded_at", "log_offset", "id")
Kind = Literal["case", "overdue_alert", "notice", "task", "contact", "promise"]


@router.get("", responses=answers(Page[CollectionEntryView]))
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
    asked = Asked(
        account_id=account_id,
        legal_entity=legal_entity,
        kind=kind,
        day=day,
        day_from=day_from,
        day_to=day_to,
    )
    async with query.of("collection_ledger", "account_facts") as connection:
        rows = await entries(connection, query.tenant_id, asked, paging.after, paging.limit)
    return page(paging, rows, lambda row: [row[name] for name in KEY], of_row)


def of_row(row: Record) -> CollectionEntryView:
    return CollectionEntryView(
        id=row["id"],
        account=account_of(row),
        kind=row["kind"],
        event=row["event"],
        day=row["day"],
        recorded_at=row["recorded_at"],
        resource_id=row["resource_id"],
        version=row["version"],
        details=msgspec.Raw(row["details"].encode()),
        note=row["note"],
    )
