"""Declares a read model's row once: from its frozen dataclass follow the table and its SQL.

A migration is then made with alembic's autogenerate, read by a person and frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from types import UnionType
from typing import Any, Final, Literal, NamedTuple, TypeVar, Union, get_args, get_origin
from typing import get_type_hints as hints_of
from uuid import UUID

import sqlalchemy as sa

from shared.platform.projector.port import ReadModel, model_of

R = TypeVar("R")
INDEX_NAME_CHARACTERS_MAX: Final = 60  # PostgreSQL cuts names at 63

_TYPES: Final[dict[type, sa.types.TypeEngine[Any]]] = {
    UUID: sa.Uuid(),
    str: sa.Text(),
    int: sa.BigInteger(),
    bool: sa.Boolean(),
    date: sa.Date(),
    datetime: sa.DateTime(timezone=True),
    bytes: sa.LargeBinary(),
}


class Index(NamedTuple):
    """An index over columns; `where` is SQL of the rows it holds, None: all."""

    columns: Sequence[str]
    unique: bool = False
    where: str | None = None


def row(
    *, table: str, key: Sequence[str], indexes: Sequence[Index] = ()
) -> Callable[[type[R]], type[R]]:
    """Gives a frozen dataclass its table. The key starts with tenant_id.

    Raises TypeError for a field that no column can hold, a name that is no field, or an amount
    without its currency.
    """

    def declare(cls: type[R]) -> type[R]:
        if not is_dataclass(cls):
            raise TypeError(f"{cls.__name__} is no dataclass: put @row above @dataclass")
        hints = hints_of(cls)
        names = [field.name for field in fields(cls)]
        for name in (*key, *(name for index in indexes for name in index.columns)):
            if name not in names:
                raise TypeError(f"{cls.__name__} has no field {name}")
        if any(map(is_amount, names)) and "currency" not in names:
            raise TypeError(f"{cls.__name__} has an amount and no field currency")
        columns = [_column(cls, name, hints[name], name in key) for name in names]
        made = sa.Table(table, sa.MetaData(), *columns)
        for index in indexes:
            sa.Index(
                f"{table}_{'_'.join(index.columns)}"[:INDEX_NAME_CHARACTERS_MAX],
                *(made.c[column] for column in index.columns),
                unique=index.unique,
                postgresql_where=sa.text(index.where) if index.where else None,
            )
        ReadModel(made, cls)
        return cls

    return declare


def is_amount(name: str) -> bool:
    """Whether a field of that name holds minor units."""
    return name == "minor" or name.endswith("_minor")


def table_of(cls: type) -> sa.Table:
    """The table of a row class, to ask questions of."""
    return model_of(cls).table


def _column(cls: type, name: str, hint: Any, is_key: bool) -> sa.Column[Any]:
    kind, nullable = _kind(hint)
    if kind not in _TYPES:
        raise TypeError(f"{cls.__name__}.{name}: no column holds {kind}")
    return sa.Column(name, _TYPES[kind], primary_key=is_key, nullable=nullable, autoincrement=False)


def _kind(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, UnionType):
        (inner,) = [each for each in get_args(hint) if each is not type(None)]
        return _kind(inner)[0], True
    if get_origin(hint) is Literal:
        (kind,) = {type(value) for value in get_args(hint)}
        return kind, False
    return hint, False
