"""Loads and stores rows of read models set-wise. Knows columns, no read model.

Rows are found by the primary key whatever the planner believes. Of a table that grew since it was
last analyzed it knows nothing: any index that begins with the tenant looks as good to it, and then
each key reads all rows of the tenant. So what follows the tenant is asked as a range, in the order
of the key; without a sort (`SESSION`) only the primary key gives that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import postgresql

from shared.platform.projector.port import Key, Need, ReadModel, Rows

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

# A commit lost in a crash of the server is made again from the log: no need to wait for the disk.
SESSION: Final = (
    "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off;"
    " SET enable_sort = off; SET synchronous_commit = off"
)

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
        return f"SELECT t.* FROM {self._found(self._all, length)}"

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
        found = self._found("t.ctid", len(self._key_types))
        return f"DELETE FROM {self._table} WHERE ctid = ANY(ARRAY(SELECT t.ctid FROM {found}))"

    def _found(self, columns: str, length: int) -> str:
        """Joins the given keys of that length with the rows `t` that begin so."""
        names = [_quoted(name) for name in self.model.key_names]
        first, *rest = names[:length]
        compared = rest or [first]
        ours = ", ".join(f"t.{name}" for name in compared)
        theirs = ", ".join(f"k.{name}" for name in compared)
        matches = [f"({ours}) {sign} ({theirs})" for sign in (">=", "<=")]
        if rest:
            matches.append(f"t.{first} = k.{first}")
        order = ", ".join(f"t.{name}" for name in names)
        return (
            f"unnest({_arrays(self._key_types[:length])}) AS k({', '.join(names[:length])})"
            f" CROSS JOIN LATERAL (SELECT {columns} FROM {self._table} t"
            f" WHERE {' AND '.join(matches)} ORDER BY {order}) t"
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
            if dropped := sorted(rows.dropped_keys.get(name, ())):
                await connection.execute(
                    model.delete(), *_transposed(dropped, len(model.model.key_names))
                )
            if put := sorted(rows.put_keys.get(name, ())):
                changed = [rows.get(model.model, key) for key in put]
                await connection.execute(model.upsert(), *model.columns_of(changed))


def _transposed(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [[row[n] for row in rows] for n in range(width)]


def _arrays(types: Sequence[str]) -> str:
    return ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(types, 1))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
