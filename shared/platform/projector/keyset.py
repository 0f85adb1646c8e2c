"""Rows after a key, in key order: how every list of this service is paged. Never by offset."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

Record = sa.RowMapping
AnyColumn = sa.ColumnElement[Any]


async def rows_after(
    connection: AsyncConnection,
    statement: sa.Select[Any],
    key: Sequence[AnyColumn],
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Record]:
    """Up to limit + 1 rows, by all columns of the key ascending; none of the key may be null."""
    if after is not None:
        place = [
            sa.literal(_read(column, text), column.type)
            for column, text in zip(key, after, strict=True)
        ]
        statement = statement.where(sa.tuple_(*key) > sa.tuple_(*place))
    found = await connection.execute(statement.order_by(*key).limit(limit + 1))
    rows: Sequence[Record] = found.mappings().all()
    return rows


def _read(column: AnyColumn, text: str) -> object:
    match column.type:
        case sa.Uuid():
            return UUID(text)
        case sa.DateTime():
            return datetime.fromisoformat(text)
        case sa.Date():
            return date.fromisoformat(text)
        case sa.Integer():  # BIGINT too.
            return int(text)
        case _:
            return text


def written(value: object) -> str:
    """A value of the key as the cursor keeps it."""
    return value.isoformat() if isinstance(value, date) else str(value)
