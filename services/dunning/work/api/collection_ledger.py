"""Route of the collection ledger (催收台账): what was done to collect, by account, kind and day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query
from msgspec import Raw
from starlette.responses import Response

from services.dunning.accounts.api.account_view import AccountRefView, account_of
from services.dunning.work.projections.collection_ledger import Asked, entries
from shared.platform.http.models import Code, Day, Id
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, View, answers, page, said
from shared.platform.projector.keyset import Record

router = APIRouter(prefix="/collection-ledger", tags=["collection ledger"])

ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"
NOTE: Final = {"contact_person": "王芳", "text": "pays on Friday"}


class CollectionEntryView(View, frozen=True, kw_only=True):
    """One line of the collection ledger (催收台账): an event of dunning."""

    id: Annotated[UUID, said("Of the event.", ID)]
    account: Annotated[AccountRefView, said("Whose it is.")]
    kind: Annotated[str, said("case, overdue_alert, notice, task, contact, promise.", "task")]
    event: Annotated[str, said("What happened to it.", "completed")]
    day: Annotated[date, said("Business date.", "2026-04-01")]
    recorded_at: Annotated[datetime, said("When it was learned.", "2026-04-01T00:00:00Z")]
    resource_id: Annotated[UUID, said("The thing it happened to.", ID)]
    version: Annotated[int, said("Of that thing, after it.", 1)]
    details: Annotated[Raw, said("The event itself.", {"account_id": ID, "outcome": "reached"})]
    note: Annotated[dict[str, Any] | None, said("What was said, of contacts and promises.", NOTE)]


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
