"""Route of the alert feed: every alert and recovery once, in an order that never changes.

`next` is always given: asked again with it, and with `Prefer: wait=20`, the feed is a long poll.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Final, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from services.dunning.accounts.api.account_view import AccountRefView
from services.dunning.alerts.projections.overdue_alerts import Asked, FeedItemRow, feed
from shared.kernel.money import Money
from shared.platform.http.models import Id, WholeNumber
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import View, answers, said, shown

router = APIRouter(prefix="/overdue-alerts", tags=["overdue alerts"])

What = Literal["raised", "recovered"]


class OverdueAlertView(View, frozen=True, kw_only=True):
    """One threshold crossed by one open item, or the recovery from it."""

    id: Annotated[
        UUID, said("The id of the event behind this entry.", "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11")
    ]
    event: Annotated[What, said("Whether the alert was raised or has recovered.", "raised")]
    alert_id: Annotated[
        UUID,
        said(
            "The alert; a recovery names the alert it ends.", "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"
        ),
    ]
    account: Annotated[
        AccountRefView,
        said("The account that owes."),
    ]
    open_item_id: Annotated[
        UUID, said("The open item's id in ledger.", "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11")
    ]
    invoice_number: Annotated[str, said("The number of its invoice.", "INV-2013-0001")]
    installment: Annotated[int, said("Which installment of the invoice it is, from 1.", 1)]
    due_on: Annotated[date, said("The day it was due on.", "2013-01-30")]
    effective_on: Annotated[date, said("The business day it happened on.", "2013-01-31")]
    recorded_at: Annotated[datetime, said("When it was recorded.", "2013-01-30T16:00:00Z")]
    threshold_days: Annotated[int, said("The days past due that were reached.", 1)]
    grade: Annotated[str, said("The account's grade the night before.", "一般")]
    collector_id: Annotated[
        UUID | None,
        said(
            "Who collects from the account; null: nobody is named.",
            "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11",
        ),
    ]
    open_amount: Annotated[
        Money,
        said("What is open of the item afterwards."),
    ]
    policy_version: Annotated[str, said("The plan that was followed.", "default@1")]


class OverdueAlertFeed(View, frozen=True, kw_only=True):
    """A part of the feed, and always a cursor to go on from."""

    items: Annotated[list[OverdueAlertView], said("The next entries, oldest first.")]
    next: Annotated[str, said("Where to go on, also when nothing is left.", "WyIwOjE3Il0")]


WAIT_S_MAX: Final = 20.0  # seconds of a long poll; a longer one is cut


@router.get("", responses=answers(OverdueAlertFeed))
async def read_overdue_alerts(
    query: QueryContext,
    paging: Paging,
    event: Annotated[list[What] | None, Query()] = None,
    threshold_days: Annotated[list[WholeNumber] | None, Query()] = None,
    account_id: Annotated[list[Id] | None, Query()] = None,
    open_item_id: Annotated[list[Id] | None, Query()] = None,
    collector_id: Annotated[list[Id] | None, Query()] = None,
) -> Response:
    seen = _seen(paging.after or ())
    asked = Asked(
        event=event,
        threshold_days=threshold_days,
        account_id=account_id,
        open_item_id=open_item_id,
        collector_id=collector_id,
    )

    async def look(connection: AsyncConnection) -> Sequence[FeedItemRow]:
        return await feed(connection, query.tenant_id, seen, asked, paging.limit)

    if query.prefer_wait_s is not None:
        query.prefer_wait_s = min(query.prefer_wait_s, WAIT_S_MAX)
    rows = await query.poll(look, "overdue_alerts", found=len)
    now_seen = dict(seen)
    for row in rows:
        now_seen[row.partition_no] = row.log_offset
    cursor = paging.cursor([f"{one}:{at}" for one, at in sorted(now_seen.items())])
    return shown(OverdueAlertFeed(items=[of_row(row) for row in rows], next=cursor))


def _seen(key: Sequence[str]) -> Mapping[int, int]:
    """How far the reader is in each partition."""
    pairs = (place.split(":") for place in key)
    return {int(partition): int(offset) for partition, offset in pairs}


def of_row(row: FeedItemRow) -> OverdueAlertView:
    return OverdueAlertView(
        id=row.id,
        event=cast(What, row.event),
        alert_id=row.alert_id,
        account=AccountRefView(
            id=row.account_id, legal_entity=row.legal_entity, number=row.account_number
        ),
        open_item_id=row.open_item_id,
        invoice_number=row.invoice_number,
        installment=row.installment,
        due_on=row.due_on,
        effective_on=row.effective_on,
        recorded_at=row.recorded_at,
        threshold_days=row.threshold_days,
        grade=row.grade,
        collector_id=row.collector_id,
        open_amount=Money(row.open_minor, row.currency),
        policy_version=row.policy_version,
    )
