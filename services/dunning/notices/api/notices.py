"""Routes of notices: who is reminded of what. They are queued by the plan, never by a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, cast

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.views.account import AccountRefView
from services.dunning.accounts.views.listed_item import ListedItemView
from services.dunning.notices.projections.notices import Asked, NoticeRow, notice, notices
from services.dunning.notices.views.notice import Channel, NoticeView, Status, Template
from shared.kernel.money import Money
from shared.platform.http.models import Day, Id, WholeNumber
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, answers, found, page, shown

router = APIRouter(prefix="/notices", tags=["notices"])


@router.get("", responses=answers(Page[NoticeView]))
async def list_notices(
    query: QueryContext,
    paging: Paging,
    status: Annotated[list[Status] | None, Query()] = None,
    channel: Annotated[list[Channel] | None, Query()] = None,
    template: Annotated[list[Template] | None, Query()] = None,
    step: Annotated[list[WholeNumber] | None, Query()] = None,
    account_id: Annotated[list[Id] | None, Query()] = None,
    due_on: Annotated[list[Day] | None, Query()] = None,
) -> Response:
    asked = Asked(
        status=status,
        channel=channel,
        template=template,
        step=step,
        account_id=account_id,
        due_on=due_on,
    )
    async with query.of("notices") as connection:
        rows = await notices(connection, query.tenant_id, asked, paging.after, paging.limit)
    return page(paging, rows, lambda row: (row.queued_on, row.id), of_row)


@router.get("/{id}", responses=answers(NoticeView))
async def show_notice(id: Id, query: QueryContext) -> Response:
    async with query.of("notices") as connection:
        row = found(await notice(connection, query.tenant_id, id))
    return shown(of_row(row), version=row.version)


def of_row(row: NoticeRow) -> NoticeView:
    return NoticeView(
        id=row.id,
        version=row.version,
        account=AccountRefView(
            id=row.account_id, legal_entity=row.legal_entity, number=row.account_number
        ),
        channel=cast(Channel, row.channel),
        template=cast(Template, row.template),
        due_on=row.due_on,
        step=row.step,
        grade=row.grade,
        currency=row.currency,
        status=cast(Status, row.status),
        queued_on=row.queued_on,
        message_id=row.message_id,
        items=msgspec.json.decode(row.items, type=list[ListedItemView], dec_hook=_money),
    )


def _money(kind: type, value: Mapping[str, str]) -> Money:
    return Money.of(value["amount"], value["currency"])
