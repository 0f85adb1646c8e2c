"""Asks for rows by key, by filters, and after a key in its order. Never by offset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from shared.platform.projector.port import model_of

Record = sa.RowMapping
AnyColumn = sa.ColumnElement[Any]
R = TypeVar("R")
Columns: TypeAlias = ReadOnlyColumnCollection[str, Any]  # `table.c`


async def find(connection: AsyncConnection, rows: type[R], **equal: object) -> R | None:
    """The row whose columns have these values; None: there is none. Name the whole key."""
    table = model_of(rows).table
    wanted = (table.c[name] == value for name, value in equal.items())
    found = await one_row(connection, sa.select(table).where(*wanted))
    return None if found is None else rows(**found)


def rows_of(kind: type[R], found: sa.CursorResult[Any]) -> list[R]:
    """The rows that a selection of a whole table found."""
    names = tuple(found.keys())
    return [kind(**dict(zip(names, row, strict=True))) for row in found]


async def one_row(connection: AsyncConnection, statement: sa.Select[Any]) -> Record | None:
    """The only row of an answer; None: there is none. Raises MultipleResultsFound."""
    found: Record | None = (await connection.execute(statement)).mappings().one_or_none()
    return found


def grouped(rows: Iterable[Record], column: str) -> Mapping[Any, Sequence[Record]]:
    """Rows by their value in a column, in their order."""
    found: dict[Any, list[Record]] = {}
    for each in rows:
        found.setdefault(each[column], []).append(each)
    return found


def one_of(
    columns: Columns, wanted: Mapping[str, Sequence[Any] | None]
) -> Sequence[sa.ColumnElement[bool]]:
    """Filters by value: several values mean or, none means any."""
    return [columns[name].in_(values) for name, values in wanted.items() if values]


def equal_to(columns: Columns, wanted: Mapping[str, object]) -> Sequence[sa.ColumnElement[bool]]:
    """Filters by one value each; None means any."""
    return [columns[name] == value for name, value in wanted.items() if value is not None]


def between(column: AnyColumn, first: object, last: object) -> Sequence[sa.ColumnElement[bool]]:
    """Filters by bounds, both inside; None: without bound."""
    bounds = [] if first is None else [column >= first]
    return bounds if last is None else [*bounds, column <= last]


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
