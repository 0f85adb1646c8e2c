"""Exposures over HTTP: what an account owes in all, what it still may, and whether that is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from msgspec import structs
from starlette.responses import Response

from services.credit.lines.projections.exposure_queries import (
    At,
    Exposed,
    Wanted,
    exposures,
    time_zones,
)
from shared.kernel.money import Money
from shared.platform.http.models import Code, Id, Number
from shared.platform.http.moments import known_by
from shared.platform.http.paging import PageRequest, Paging
from shared.platform.http.problems import Problem
from shared.platform.http.queries import Moment, PointInTime, QueryContext, QueryRequest
from shared.platform.http.views import CURSOR, NEXT, View, answers, said, shown

router = APIRouter(prefix="/exposures", tags=["exposures"])

OTHER: Final = {"amount": "700.00", "currency": "USD"}
ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"


class ExposureView(View, frozen=True, kw_only=True):
    """What an account owes in its currency at the end of a day, and what it still may."""

    account_id: Annotated[UUID, said("Whose it is.", ID)]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    account_number: Annotated[str, said("The account's number.", "C-1001")]
    as_of: Annotated[date, said("The day asked about, or the account's today.", "2026-03-14")]
    exposure: Annotated[Money, said("Open items less unallocated money, in its currency.")]
    limit: Annotated[
        Money | None,
        said("Of that day; null: none was set.", {"amount": "50000.00", "currency": "CNY"}),
    ]
    available: Annotated[
        Money | None,
        said("The limit less the exposure.", {"amount": "42000.00", "currency": "CNY"}),
    ]
    exceeded: Annotated[bool, said("Whether more is owed than may be.", False)]
    other_currencies: Annotated[
        list[Money], said("Owed in others: never added, under no limit, zeros left out.", [OTHER])
    ]


class ExposureThenView(ExposureView, frozen=True, kw_only=True):
    """An exposure as it was known at an instant."""

    as_known: Annotated[
        datetime, said("What was learned later is left out.", "2026-03-14T00:00:00Z")
    ]


class ExposuresView(View, frozen=True, kw_only=True):
    """A page of exposures; without as_of each item says its own day."""

    as_of: Annotated[date | None, said("The day asked about; null: each its own.", "2026-03-14")]
    as_known: Annotated[
        datetime, said("What was learned later is left out.", "2026-03-14T00:00:00Z")
    ]
    items: Annotated[list[ExposureView], said("By legal entity and account number.")]
    next: Annotated[str | None, said(NEXT, CURSOR)]


@router.get(
    "",
    summary="Exposure, limit and what is available, by account",
    responses=answers(ExposuresView),
)
async def list_exposures(
    query: QueryContext,
    moment: Moment,
    paging: Paging,
    legal_entity: Annotated[list[Code] | None, Query()] = None,
    account_number: Annotated[list[Number] | None, Query()] = None,
    exceeded: Annotated[bool | None, Query()] = None,
) -> Response:
    wanted = Wanted(
        tenant_id=query.tenant_id,
        legal_entities=legal_entity or (),
        account_numbers=account_number or (),
        is_exceeded=exceeded,
    )
    found = await list_exposed(query, moment, paging, wanted)
    cut = paging.page(found, lambda each: (each.legal_entity, each.account_number))
    return shown(
        ExposuresView(
            as_of=moment.as_of,
            as_known=moment.as_known or query.now,
            items=[_shown(each) for each in cut.items],
            next=cut.next,
        )
    )


@router.get(
    "/{account_id}",
    summary="Exposure, limit and what is available, of an account",
    responses=answers(ExposureThenView),
)
async def show_exposure(account_id: Id, query: QueryContext, moment: Moment) -> Response:
    found = await find_exposure(query, moment, account_id)
    as_known = moment.as_known or query.now
    return shown(ExposureThenView(**structs.asdict(_shown(found)), as_known=as_known))


async def list_exposed(
    query: QueryRequest, moment: PointInTime, paging: PageRequest, wanted: Wanted
) -> Sequence[Exposed]:
    """Up to one more than the page holds."""
    return await _exposed(query, moment, wanted, after=paging.after, limit=paging.limit)


async def find_exposure(query: QueryRequest, moment: PointInTime, account_id: UUID) -> Exposed:
    """Answers 404 for an account nobody has heard of."""
    wanted = Wanted(tenant_id=query.tenant_id, account_ids=[account_id])
    found = await _exposed(query, moment, wanted, after=None, limit=1)
    if not found:
        raise Problem("not-found")
    return found[0]


async def _exposed(
    query: QueryRequest,
    moment: PointInTime,
    wanted: Wanted,
    *,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Exposed]:
    async with query.of("exposure") as connection:
        zones = [] if moment.as_of else await time_zones(connection, query.tenant_id)
        at = At(moment.as_of, known_by(moment), {zone: query.today(zone) for zone in zones})
        return await exposures(connection, wanted, at, after=after, limit=limit)


def _shown(each: Exposed) -> ExposureView:
    return ExposureView(
        account_id=each.account_id,
        legal_entity=each.legal_entity,
        account_number=each.account_number,
        as_of=each.as_of,
        exposure=each.exposure,
        limit=each.limit,
        available=each.available,
        exceeded=each.is_exceeded,
        other_currencies=list(each.others),
    )
