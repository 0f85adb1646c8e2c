"""How old what is open is: the open items of a moment, counted and summed by bucket."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.receivables.domain.aging import CREDIT, NO_DUE_DATE, dated_buckets, due_between
from services.ledger.reports.projections.open_items import Asked, items_then
from shared.platform.projector.keyset import Record
from shared.platform.projector.moment import At
from shared.platform.projector.sums import sums_by


async def aging(
    connection: AsyncConnection,
    asked: Asked,
    at: At,
    *,
    edges: Sequence[int],
    by_account: bool = False,
    after: tuple[str, ...] | None = None,
    rows: int | None = None,
) -> Sequence[Record]:
    """Rows of (account,) currency, bucket, items, minor; only buckets with items.

    With `rows`, those of so many accounts (an account in one currency counts as one).
    """
    found = items_then(asked, at).cte("found").prefix_with("MATERIALIZED")
    account = [found.c.account_number, found.c.account_id] if by_account else []
    groups: list[sa.ColumnElement[Any]] = [*account, found.c.currency]
    bucket = _bucket(found.c.minor, found.c.due_on, at.as_of, edges).label("bucket")
    counted = sums_by(
        found.c.currency,
        sa.select(*account, bucket, sa.func.count().label("items"))
        .where(found.c.minor != 0)
        .group_by(*account, bucket),
        minor=found.c.minor,
    )
    if after is not None:
        last = sa.tuple_(*(sa.literal(part) for part in (after[0], UUID(after[1]), after[2])))
        counted = counted.where(sa.tuple_(*groups) > last)
    if rows is not None:
        ranked = counted.add_columns(
            sa.func.dense_rank().over(order_by=groups).label("place")
        ).subquery()
        counted = sa.select(ranked).where(ranked.c.place <= rows).order_by(ranked.c.place)
    else:
        counted = counted.order_by(*groups)
    answer: Sequence[Record] = (await connection.execute(counted)).mappings().all()
    return answer


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
