"""Declares a read model's row once: from its frozen dataclass follow the table and its SQL.

A migration is then made with alembic's autogenerate, read by a person and frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from types import UnionType
from typing import Any, Final, Literal, NamedTuple, TypeVar, Union, get_args, get_origin
from typing import get_type_hints as hints_of
from uuid import UUID

import sqlalchemy as sa

from shared.platform.projector.port import ReadModel, model_of

R = TypeVar("R")
TENANT: Final = "tenant_id"
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
    """Gives a frozen dataclass its table. The key starts with tenant_id and keeps its order.

    Raises TypeError for a field that no column can hold, a name that is no field or stands twice,
    a key that may be null, an amount without its currency, and two indexes of one name.
    """

    def declare(cls: type[R]) -> type[R]:
        if not is_dataclass(cls):
            raise TypeError(f"{cls.__name__} is no dataclass: put @row above @dataclass")
        if not key or key[0] != TENANT:
            raise TypeError(f"{cls.__name__}: the key must start with {TENANT}")
        hints = hints_of(cls)
        names = [field.name for field in fields(cls)]
        if any(map(is_amount, names)) and "currency" not in names:
            raise TypeError(f"{cls.__name__} has an amount and no field currency")
        for columns in (key, *(index.columns for index in indexes)):
            _check_names(cls, columns, names)
        made = sa.Table(
            table,
            sa.MetaData(),
            *(_column(cls, name, hints[name], name in key) for name in names),
            sa.PrimaryKeyConstraint(*key),
        )
        for name, index in _named(cls, table, indexes).items():
            sa.Index(
                name,
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


def _check_names(cls: type, columns: Sequence[str], names: Sequence[str]) -> None:
    for name in columns:
        if name not in names:
            raise TypeError(f"{cls.__name__} has no field {name}")
        if columns.count(name) > 1:
            raise TypeError(f"{cls.__name__}: {name} stands twice in {', '.join(columns)}")


def _named(cls: type, table: str, indexes: Sequence[Index]) -> Mapping[str, Index]:
    found: dict[str, Index] = {}
    for index in indexes:
        name = f"{table}_{'_'.join(index.columns)}"[:INDEX_NAME_CHARACTERS_MAX]
        if name in found:
            raise TypeError(f"{cls.__name__}: two indexes are named {name}")
        found[name] = index
    return found


def table_of(cls: type) -> sa.Table:
    """The table of a row class, to ask questions of."""
    return model_of(cls).table


def _column(cls: type, name: str, hint: Any, is_key: bool) -> sa.Column[Any]:
    kind, nullable = _kind(hint)
    if kind not in _TYPES:
        raise TypeError(f"{cls.__name__}.{name}: no column holds {hint}")
    if is_key and nullable:
        raise TypeError(f"{cls.__name__}.{name} is of the key and must not be None")
    return sa.Column(name, _TYPES[kind], nullable=nullable, autoincrement=False)


def _kind(hint: Any) -> tuple[Any, bool]:
    """The one type of a hint's values, and whether they may be None; else the hint itself."""
    if get_origin(hint) in (Union, UnionType):
        inner = [each for each in get_args(hint) if each is not type(None)]
        return (_kind(inner[0])[0], True) if len(inner) == 1 else (hint, False)
    if get_origin(hint) is Literal:
        kinds = {type(value) for value in get_args(hint)}
        return (kinds.pop() if len(kinds) == 1 else hint), False
    return hint, False
