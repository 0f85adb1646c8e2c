"""Routes of notices: who is reminded of what. They are queued by the plan, never by a request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal, cast
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.api.account_view import AccountRefView
from services.dunning.accounts.api.listed_item_view import ListedItemView
from services.dunning.notices.projections.notices import Asked, NoticeRow, notice, notices
from shared.kernel.money import Money
from shared.platform.http.models import Day, Id, WholeNumber
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, View, answers, found, page, said, shown

router = APIRouter(prefix="/notices", tags=["notices"])

MONEY: Final = {"amount": "8000.00", "currency": "CNY"}
NO_MONEY: Final = {"amount": "0.00", "currency": "CNY"}

Status = Literal["queued", "accepted", "undeliverable", "failed"]
Channel = Literal["email", "letter"]
Template = Literal["pre_due", "reminder", "dunning_letter", "final_notice", "payment_returned"]


class NoticeView(View, frozen=True, kw_only=True):
    """An e-mail or letter to a customer about items in one currency, at one step of the plan."""

    id: Annotated[UUID, said("The notice's id.", "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11")]
    version: Annotated[int, said("How many events it has; also its ETag.", 2)]
    account: Annotated[
        AccountRefView,
        said("The account that is reminded."),
    ]
    channel: Annotated[Channel, said("How it reaches the debtor.", "email")]
    template: Annotated[Template, said("Which text it is written from.", "reminder")]
    step: Annotated[int, said("The days past due at which the plan asks for it.", 1)]
    grade: Annotated[str, said("The account's grade the plan was read with.", "一般")]
    currency: Annotated[str, said("The currency of its items, ISO 4217.", "CNY")]
    status: Annotated[
        Status,
        said(
            "Accepted: who delivers it has it; undeliverable or failed: nobody gets it.", "queued"
        ),
    ]
    reason: Annotated[
        str | None,
        said(
            "Why nobody gets it: no_address, address_not_usable; too_late, or the fault's name.",
            None,
            "no_address",
        ),
    ]
    ended_on: Annotated[
        date | None,
        said("When it was accepted, found undeliverable, or given up; null: queued.", "2013-01-31"),
    ]
    instead_of: Annotated[
        UUID | None, said("The e-mail that could not be delivered, whose place it takes.", None)
    ]
    written_on: Annotated[date, said("The day it was written.", "2013-01-31")]
    part: Annotated[int, said("Which of the notices that list the items together.", 1)]
    parts: Annotated[int, said("How many of them there are.", 1)]
    open_amount: Annotated[Money, said("Of the items of all parts.", MONEY)]
    unallocated: Annotated[Money, said("Paid, and given to no invoice.", NO_MONEY)]
    demanded: Annotated[Money, said("What it asks for.", MONEY)]
    message_id: Annotated[
        str | None,
        said("The Message-ID it was handed over with; null: not yet.", "<1@duebook.invalid>"),
    ]
    items: Annotated[list[ListedItemView], said("What it reminds of.")]


@router.get("", responses=answers(Page[NoticeView]))
async def list_notices(
    query: QueryContext,
    paging: Paging,
    status: Annotated[list[Status] | None, Query()] = None,
    reason: Annotated[list[str] | None, Query()] = None,
    channel: Annotated[list[Channel] | None, Query()] = None,
    template: Annotated[list[Template] | None, Query()] = None,
    step: Annotated[list[WholeNumber] | None, Query()] = None,
    account_id: Annotated[list[Id] | None, Query()] = None,
    written_on: Annotated[list[Day] | None, Query()] = None,
) -> Response:
    asked = Asked(
        status=status,
        reason=reason,
        channel=channel,
        template=template,
        step=step,
        account_id=account_id,
        written_on=written_on,
    )
    async with query.of("notices") as connection:
        rows = await notices(connection, query.tenant_id, asked, paging.after, paging.limit)
    return page(paging, rows, lambda row: (row.written_on, row.id), of_row)


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
        step=row.step,
        grade=row.grade,
        currency=row.currency,
        status=cast(Status, row.status),
        reason=row.reason,
        ended_on=row.ended_on,
        instead_of=row.instead_of,
        written_on=row.written_on,
        part=row.part,
        parts=row.parts,
        open_amount=Money(row.open_minor, row.currency),
        unallocated=Money(row.unallocated_minor, row.currency),
        demanded=Money(row.demanded_minor, row.currency),
        message_id=row.message_id,
        items=msgspec.json.decode(row.items, type=list[ListedItemView], dec_hook=_money),
    )


def _money(kind: type, value: Mapping[str, str]) -> Money:
    return Money.of(value["amount"], value["currency"])
