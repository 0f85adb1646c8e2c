"""Routes of reports. Aging: exhaustive buckets that always sum to the open items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Annotated, Any, Final, Literal, Protocol, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from services.ledger.customers.domain.account.decide import UnknownLegalEntity
from services.ledger.customers.projections import accounts
from services.ledger.receivables.domain.aging import BadEdges, bucket_names
from services.ledger.reports.projections import aging
from services.ledger.reports.projections.open_items import Asked
from shared.kernel.money import Money, total
from shared.platform.http.models import Id
from shared.platform.http.moments import bounds
from shared.platform.http.paging import PageRequest, Paging
from shared.platform.http.parts import parts_of
from shared.platform.http.problems import Problem
from shared.platform.http.queries import Moment, PointInTime, QueryContext, QueryRequest
from shared.platform.http.views import CURSOR, View, answers, said, shown
from shared.platform.projector.keyset import Record

EDGES_TEXT: Final = r"^[0-9]{1,5}(,[0-9]{1,5}){0,11}$"

router: Final = APIRouter(prefix="/reports", tags=["reports"])


class BucketView(View, frozen=True, kw_only=True):
    """Open items of one age."""

    bucket: Annotated[str, said("credit, no_due_date, not_due, or days past due.", "1-30")]
    items: Annotated[int, said("How many.", 3)]
    open_amount: Annotated[Money, said("Their sum.")]


class TotalView(View, frozen=True, kw_only=True):
    """The sum of all buckets."""

    items: Annotated[int, said("How many.", 3)]
    open_amount: Annotated[Money, said("Their sum.")]


class CurrencyAgingView(View, frozen=True, kw_only=True):
    """What is open in one currency, by age."""

    currency: Annotated[str, said("ISO 4217 code.", "CNY")]
    buckets: Annotated[list[BucketView], said("Every one, also empty ones.")]
    total: Annotated[TotalView, said("What stands in the buckets.")]


class AccountAgingView(CurrencyAgingView, frozen=True, kw_only=True):
    """What one account has open in one currency, by age."""

    account_id: Annotated[UUID, said("Whose it is.", "0f0d3c5e-8a44-5a0b-8f0e-6e3b1c2d4a55")]
    account_number: Annotated[str, said("The account's number.", "C-1001")]


class AgingView(View, frozen=True, kw_only=True):
    """How old what is open is: exhaustive buckets that always sum to the open items."""

    as_of: Annotated[date, said("The day asked about.", "2026-03-14")]
    as_known: Annotated[
        datetime, said("What was learned later is left out.", "2026-03-14T00:00:00Z")
    ]
    edges: Annotated[list[int], said("Last day past due of each bucket.", [30, 60, 90])]
    currencies: Annotated[list[CurrencyAgingView], said("The totals of all accounts.")]
    group_by: Annotated[Literal["account"] | UnsetType, said("As asked.", "account")] = UNSET
    items: Annotated[
        list[AccountAgingView] | UnsetType, said("Where grouped: a page of accounts.")
    ] = UNSET
    next: Annotated[
        str | UnsetType | None, said("Where grouped: the cursor of the page after it.", CURSOR)
    ] = UNSET


class HasEdges(Protocol):
    """What aging needs of the service's settings."""

    @property
    def aging_edges(self) -> Sequence[int]:
        """Last day past due of each bucket."""


def _usual_edges(request: Request) -> Sequence[int]:
    return cast(HasEdges, parts_of(request).service.settings).aging_edges


@router.get("/aging", responses=answers(AgingView, refuses=(UnknownLegalEntity,)))
async def show_aging(
    legal_entity: str,
    query: QueryContext,
    moment: Moment,
    paging: Paging,
    usual: Annotated[Sequence[int], Depends(_usual_edges)],
    account_id: Id | None = None,
    edges: Annotated[str | None, Query(pattern=EDGES_TEXT)] = None,
    group_by: Literal["account"] | None = None,
) -> Response:
    """With group_by=account also `items`, a page of accounts; the totals are those of all."""
    asked = Asked(tenant_id=query.tenant_id, legal_entity=legal_entity, account_id=account_id)
    days = usual if edges is None else _edges(edges)
    return await _aging(query, moment, asked, days, paging if group_by else None)


async def _aging(
    query: QueryRequest,
    moment: PointInTime,
    asked: Asked,
    days: Sequence[int],
    paging: PageRequest | None,
) -> Response:
    async with query.of("open_items", "accounts") as connection:
        entity = await accounts.find_legal_entity(
            connection, query.tenant_id, str(asked.legal_entity)
        )
        if entity is None:
            raise UnknownLegalEntity("/legal_entity")
        then = bounds(query, moment, [entity.time_zone])
        totals = await aging.aging(connection, asked, then.at, edges=days)
        grouped: Sequence[Record] = ()
        if paging is not None:
            grouped = await aging.aging_by_account(
                connection, asked, then.at, edges=days, after=paging.after, limit=paging.limit
            )
    accounts_page: dict[str, Any] = {}
    if paging is not None:
        groups = [list(rows) for _, rows in groupby(grouped, key=_group)]
        cut = paging.page(groups, lambda rows: tuple(str(part) for part in _group(rows[0])))
        items = [_account(rows, days) for rows in groups[: paging.limit]]
        accounts_page = {"group_by": "account", "items": items, "next": cut.next}
    return shown(
        AgingView(
            as_of=then.as_of,
            as_known=then.as_known,
            edges=list(days),
            currencies=_by_currency(totals, days, entity.currency),
            **accounts_page,
        )
    )


def _edges(text: str) -> Sequence[int]:
    days = [int(part) for part in text.split(",")]
    try:
        bucket_names(days)
    except BadEdges:
        detail = "Must be ascending days from 1 on, such as 30,60,90."
        raise Problem("invalid-query", pointer="/edges", detail=detail) from None
    return days


def _group(row: Record) -> tuple[object, ...]:
    return row["account_number"], row["account_id"], row["currency"]


def _by_currency(rows: Sequence[Record], edges: Sequence[int], own: str) -> list[CurrencyAgingView]:
    """The entity's own currency is there even when nothing is open in it."""
    found = {
        currency: list(of) for currency, of in groupby(rows, key=lambda row: str(row["currency"]))
    }
    return [
        CurrencyAgingView(currency=currency, **_buckets(found.get(currency, ()), edges, currency))
        for currency in sorted({own, *found})
    ]


def _account(rows: Sequence[Record], edges: Sequence[int]) -> AccountAgingView:
    first = rows[0]
    return AccountAgingView(
        account_id=first["account_id"],
        account_number=first["account_number"],
        currency=first["currency"],
        **_buckets(rows, edges, first["currency"]),
    )


def _buckets(rows: Iterable[Record], edges: Sequence[int], currency: str) -> dict[str, Any]:
    """Every bucket, also empty ones; the total is the sum of what stands above it."""
    found = {
        row["bucket"]: (int(row["items"]), Money(int(row["minor"]), row["currency"]))
        for row in rows
    }
    nothing = (0, Money.zero(currency))
    filled = [(name, *found.get(name, nothing)) for name in bucket_names(edges)]
    return {
        "buckets": [
            BucketView(bucket=name, items=items, open_amount=amount)
            for name, items, amount in filled
        ],
        "total": TotalView(
            items=sum(items for _, items, _ in filled),
            open_amount=total((amount for _, _, amount in filled), currency),
        ),
    }
