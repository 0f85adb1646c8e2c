"""Rows of read models, loaded and stored set-wise. Knows columns, no read model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import postgresql

from shared.platform.projector.port import Key, Need, ReadModel, Rows

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped.


class ModelSql:
    """The statements of one read model."""

    def __init__(self, model: ReadModel[Any]) -> None:
        self.model = model
        columns = list(model.table.columns)
        self._names = [column.name for column in columns]
        self._types = [column.type.compile(dialect=_DIALECT) for column in columns]
        type_of = dict(zip(self._names, self._types, strict=True))
        self._key_types = [type_of[name] for name in model.key_names]
        self._values = attrgetter(*self._names)
        self._table = _quoted(model.table.name)
        self._all = ", ".join(f"t.{_quoted(name)}" for name in self._names)

    @property
    def column_names(self) -> Sequence[str]:
        return self._names

    def select(self, length: int) -> str:
        """Rows whose key begins with one of the given keys of that length."""
        keys = [_quoted(name) for name in self.model.key_names[:length]]
        arrays = _arrays(self._key_types[:length])
        matches = " AND ".join(f"t.{key} = k.{key}" for key in keys)
        return (
            f"SELECT {self._all} FROM unnest({arrays}) AS k({', '.join(keys)})"
            f" JOIN {self._table} t ON {matches}"
        )

    def select_all(self) -> str:
        return f"SELECT {self._all} FROM {self._table} t"

    def upsert(self) -> str:
        names = [_quoted(name) for name in self._names]
        keys = [_quoted(name) for name in self.model.key_names]
        changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
        action = f"UPDATE SET {changes}" if changes else "NOTHING"
        return (
            f"INSERT INTO {self._table} ({', '.join(names)})"
            f" SELECT * FROM unnest({_arrays(self._types)})"
            f" ON CONFLICT ({', '.join(keys)}) DO {action}"
        )

    def delete(self) -> str:
        keys = [_quoted(name) for name in self.model.key_names]
        matches = " AND ".join(f"t.{key} = k.{key}" for key in keys)
        return (
            f"DELETE FROM {self._table} t"
            f" USING unnest({_arrays(self._key_types)}) AS k({', '.join(keys)}) WHERE {matches}"
        )

    def row(self, record: Iterable[Any]) -> Any:
        return self.model.row(**dict(zip(self._names, record, strict=True)))

    def columns_of(self, rows: Sequence[Any]) -> list[list[Any]]:
        """Arrays by column, as `upsert` takes them."""
        if len(self._names) == 1:
            return [[self._values(row) for row in rows]]
        return _transposed([self._values(row) for row in rows], len(self._names))


class RowStore:
    """All read models of one projection."""

    def __init__(self, models: Sequence[ReadModel[Any]]) -> None:
        self._models = {model.name: ModelSql(model) for model in models}

    async def load(self, connection: Driver, rows: Rows, needs: Iterable[Need]) -> None:
        """One statement for each model and key length."""
        asked: dict[tuple[str, int], dict[Key, Need]] = {}
        for need in needs:
            asked.setdefault((need.model.name, len(need.key)), {})[need.key] = need
        for (name, length), wanted in asked.items():
            model = self._models[name]
            found = await connection.fetch(model.select(length), *_transposed(list(wanted), length))
            by_key: dict[Key, list[Any]] = {key: [] for key in wanted}
            for record in found:
                row = model.row(record)
                by_key[model.model.key_of(row)[:length]].append(row)
            for key, need in wanted.items():
                rows.load(need, by_key[key])

    async def store(self, connection: Driver, rows: Rows) -> None:
        """What the fold put and dropped, in key order so that locks are taken in one order."""
        for name, model in self._models.items():
            if dropped := sorted(rows.dropped_keys.get(name, ()), key=_sortable):
                await connection.execute(
                    model.delete(), *_transposed(dropped, len(model.model.key_names))
                )
            if put := sorted(rows.put_keys.get(name, ()), key=_sortable):
                changed = [rows.get(model.model, key) for key in put]
                await connection.execute(model.upsert(), *model.columns_of(changed))


def _sortable(key: Key) -> tuple[str, ...]:
    return tuple(str(part) for part in key)


def _transposed(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [[row[n] for row in rows] for n in range(width)]


def _arrays(types: Sequence[str]) -> str:
    return ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(types, 1))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
