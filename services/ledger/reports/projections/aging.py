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
    has_moved_after,
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
    page = await _page(connection, asked, at, after, limit)
    if not page:
        return page
    part = _of_items(asked, at, edges, page).subquery("part")
    account = _account(part.c)
    statement = _counted(part.c).add_columns(*account[:-1]).group_by(*account).order_by(*account)
    rows: Sequence[Record] = (await connection.execute(statement)).mappings().all()
    return rows


async def _page(
    connection: AsyncConnection, asked: Asked, at: At, after: Sequence[str] | None, limit: int
) -> Sequence[Record]:
    """The accounts of a page, in their order.

    Those with an item that is as it was then come from an index. Others have only items that moved
    since, which are looked at as far as a page reaches that is full without them.
    """
    steady = items_then(asked, at).where(_ITEM.c.open_minor != 0)
    if not at.is_now:
        steady = steady.where(sa.not_(has_moved_after(at)))
    found = _accounts(steady)
    page = await rows_after(connection, sa.select(found), _account(found.c), after, limit)
    if at.is_now:
        return page
    moved = items_then(asked, at).where(has_moved_after(at))
    if len(page) > limit:
        steady, moved = (each.where(_is_up_to(page[-1])) for each in (steady, moved))
    both = sa.union(*(sa.select(_accounts(each)) for each in (steady, moved))).subquery("both")
    return await rows_after(connection, sa.select(both), _account(both.c), after, limit)


def _accounts(items: sa.Select[Any]) -> sa.Subquery:
    """The accounts of which one of these items is open, each once in a currency."""
    found = items.subquery("found")
    place = _account(found.c)
    return sa.select(*place).where(found.c.minor != 0).group_by(*place).subquery("accounts")


def _is_up_to(last: Record) -> sa.ColumnElement[bool]:
    return sa.tuple_(*_account(_ITEM.c)) <= sa.tuple_(*map(sa.literal, last.values()))


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
    first = sa.tuple_(*map(sa.literal, page[0].values()))
    whose = _ITEM.c.account_id.in_(sorted({row["account_id"] for row in page}))
    return whose, sa.tuple_(*_account(_ITEM.c)) >= first, _is_up_to(page[-1])


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
