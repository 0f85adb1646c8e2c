"""How old what is open is: the open items of a moment, counted and summed by bucket.

Of a whole book the totals by due date are asked, and of a past moment also the items that moved
since; of accounts their items. Every way gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.receivables.domain.aging import CREDIT, NO_DUE_DATE, dated_buckets, due_between
from services.ledger.reports.projections.open_items import (
    Asked,
    OpenItemRow,
    items_moved_after,
    items_then,
)
from services.ledger.reports.projections.open_totals import OpenTotalRow
from shared.platform.projector.keyset import AnyColumn, Columns, Record, rows_after
from shared.platform.projector.moment import At
from shared.platform.projector.rows import table_of
from shared.platform.projector.sums import sums_by

_ITEM: Final = table_of(OpenItemRow)
_TOTAL: Final = table_of(OpenTotalRow)


async def aging(
    connection: AsyncConnection, asked: Asked, at: At, *, edges: Sequence[int]
) -> Sequence[Record]:
    """Rows of currency, bucket, items, minor; only buckets with items."""
    if asked.account_id is None:
        part = sa.union_all(*_of_totals(asked, at, edges)).subquery("part")
    else:
        part = _of_items(asked, at, edges).subquery("part")
    counted = _counted(part.c).subquery("counted")
    statement = sa.select(counted).where(counted.c["items"] != 0).order_by(counted.c.currency)
    found: Sequence[Record] = (await connection.execute(statement)).mappings().all()
    return found


async def aging_by_account(
    connection: AsyncConnection,
    asked: Asked,
    at: At,
    *,
    edges: Sequence[int],
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Record]:
    """Rows of account_number, account_id, currency, bucket, items, minor; only buckets with items.

    Of up to limit + 1 accounts; an account in one currency counts as one.
    """
    found = items_then(asked, at).subquery("found")
    place = _account(found.c)
    listed = sa.select(*place).where(found.c.minor != 0).group_by(*place)
    page = await rows_after(connection, listed, place, after, limit)
    if not page:
        return page
    part = _of_items(asked, at, edges, page).subquery("part")
    account = _account(part.c)
    statement = _counted(part.c).add_columns(*account[:-1]).group_by(*account).order_by(*account)
    rows: Sequence[Record] = (await connection.execute(statement)).mappings().all()
    return rows


def _account(of: Columns) -> Sequence[AnyColumn]:
    """What one row of a page is about, in the order of pages."""
    return of.account_number, of.account_id, of.currency


def _counted(of: Columns) -> sa.Select[Any]:
    by_bucket = sa.select(of.bucket).group_by(of.bucket)
    return sums_by(of.currency, by_bucket, items=of.item_count, minor=of.minor)


def _of_totals(asked: Asked, at: At, edges: Sequence[int]) -> Sequence[sa.Select[Any]]:
    """The totals of now; of another moment, what moved since is taken off and put on as it was."""
    totals = _part(_TOTAL.c, _TOTAL.c.minor, _TOTAL.c.item_count, at, edges).where(
        *asked.filters(_TOTAL.c)
    )
    if at.is_now:
        return [totals]
    moved = items_moved_after(asked, at).cte("moved")
    as_now = _part(moved.c, moved.c.open_minor, sa.literal(1), at, edges).subquery("as_now")
    off = sa.select(as_now.c.currency, as_now.c.bucket, -as_now.c.item_count, -as_now.c.minor)
    return [totals, off, _part(moved.c, moved.c.minor, sa.literal(1), at, edges)]


def _of_items(
    asked: Asked, at: At, edges: Sequence[int], page: Sequence[Record] = ()
) -> sa.Select[Any]:
    """Each open item; of a page of accounts those of its accounts alone."""
    items = items_then(asked, at)
    if page:
        items = items.where(*_within(page))
    found = items.cte("found").prefix_with("MATERIALIZED")  # Else what was open is summed thrice.
    return _part(found.c, found.c.minor, sa.literal(1), at, edges).add_columns(
        found.c.account_number, found.c.account_id
    )


def _within(page: Sequence[Record]) -> Sequence[sa.ColumnElement[bool]]:
    """Conditions on items: of the accounts of the page, and in their currencies of the page."""
    place = _account(_ITEM.c)
    first, last = (sa.tuple_(*map(sa.literal, row.values())) for row in (page[0], page[-1]))
    whose = _ITEM.c.account_id.in_(sorted({row["account_id"] for row in page}))
    return whose, sa.tuple_(*place) >= first, sa.tuple_(*place) <= last


def _part(
    of: Columns, minor: AnyColumn, items: AnyColumn, at: At, edges: Sequence[int]
) -> sa.Select[Any]:
    """What adds up to the answer: so many items of a currency and bucket, where any is open."""
    bucket = _bucket(minor, of.due_on, at.as_of, edges).label("bucket")
    columns: list[AnyColumn] = [of.currency, bucket, items.label("item_count")]
    return sa.select(*columns, minor.label("minor")).where(minor != 0)


def _bucket(
    minor: sa.ColumnElement[int],
    due_on: sa.ColumnElement[date],
    as_of: date,
    edges: Sequence[int],
) -> sa.ColumnElement[str]:
    """The rule of aging.py as parameters; no day is compared here that it did not give."""
    cases: list[tuple[sa.ColumnElement[bool], str]] = [
        (minor < 0, CREDIT),
        (due_on.is_(None), NO_DUE_DATE),
    ]
    for bucket in dated_buckets(edges):
        earliest, latest = due_between(bucket, as_of)
        bounds = [due_on >= earliest] if earliest is not None else []
        if latest is not None:
            bounds.append(due_on <= latest)
        cases.append((sa.and_(*bounds), bucket.name))
    return sa.case(*((condition, sa.literal(name)) for condition, name in cases))
