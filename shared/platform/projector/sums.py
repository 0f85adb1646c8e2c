"""Sums of minor units: of one currency, or one for each. Nothing else sums an amount in SQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

AnyColumn = sa.ColumnElement[Any]


def sum_in(
    wanted: sa.ColumnElement[str] | str, currency: AnyColumn, minor: AnyColumn
) -> sa.ColumnElement[int]:
    """The sum of the amounts that are in the wanted currency, zero where there is none."""
    summed = sa.func.sum(minor).filter(currency == wanted)
    return sa.cast(sa.func.coalesce(summed, 0), sa.BigInteger)


def sums_by(currency: AnyColumn, statement: sa.Select[Any], **minor: AnyColumn) -> sa.Select[Any]:
    """The statement with a row for each currency, and in it the sum of each named amount."""
    summed = (sa.cast(sa.func.sum(amount), sa.BigInteger).label(n) for n, amount in minor.items())
    return statement.add_columns(currency, *summed).group_by(currency)
