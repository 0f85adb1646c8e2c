"""Describes a read model: tables, row classes, and a pure fold of rows and events into rows.

A fold never reads a clock, never waits and never decides. It sees only the rows it asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import sqlalchemy as sa

from shared.kernel.envelope import Recorded

R = TypeVar("R")
Key = tuple[Hashable, ...]


@dataclass(frozen=True)
class ReadModel(Generic[R]):
    """A table and the frozen dataclass of its rows: same names, columns in the same order.

    The primary key starts with tenant_id. Column types: UUID, TEXT, INTEGER, BIGINT, BOOLEAN,
    DATE, TIMESTAMP WITH TIME ZONE, BYTEA; Any of them may be null outside the key.
    """

    table: sa.Table
    row: type[R]

    def __post_init__(self) -> None:
        self.row.__read_model__ = self  # type: ignore[attr-defined] # Read by model_of.

    @property
    def name(self) -> str:
        return self.table.name

    @cached_property
    def key_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.table.primary_key.columns)

    @cached_property
    def key_of(self) -> Callable[[R], Key]:
        """Gives the key of a row."""
        return attrgetter(*self.key_names) if len(self.key_names) > 1 else self._only_key_of

    def _only_key_of(self, row: R) -> Key:
        return (getattr(row, self.key_names[0]),)


def model_of(rows: ReadModel[R] | type[R]) -> ReadModel[R]:
    """The read model of a row class that `row` declared."""
    if isinstance(rows, ReadModel):
        return rows
    found: ReadModel[R] = rows.__read_model__  # type: ignore[attr-defined] # Its ReadModel wrote it.
    return found


class Need:
    """Rows a fold will look at: one by its full key, or all whose key begins with a shorter one."""

    __slots__ = ("key", "model")

    def __init__(self, rows: ReadModel[Any] | type, key: Key) -> None:
        self.model: ReadModel[Any] = model_of(rows)
        self.key = key


class NotAsked(LookupError):
    """The fold looked at a row that `needs` did not name: a bug in the projection."""


class Rows:
    """Holds the rows of one batch, loaded ones and what the fold made of them. Not shared."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[Key, Any]] = {}
        self._asked: dict[str, set[Key]] = {}
        self._begin: dict[tuple[str, int], dict[Key, set[Key]]] = {}  # How keys begin, by length.
        self.put_keys: dict[str, set[Key]] = {}
        self.dropped_keys: dict[str, set[Key]] = {}

    def load(self, need: Need, rows: Iterable[Any]) -> None:
        """Called by the runtime (or a test) before the fold."""
        self._asked.setdefault(need.model.name, set()).add(need.key)
        for row in rows:
            self._keep(need.model, need.model.key_of(row), row)

    def get(self, kind: ReadModel[R] | type[R], key: Key) -> R | None:
        """The row, or None. Raises NotAsked."""
        model = model_of(kind)
        found: R | None = self._rows.get(model.name, {}).get(key)
        if found is None and not self._was_asked(model, key):
            raise NotAsked(f"{model.name} {key}")
        return found

    def below(self, kind: ReadModel[R] | type[R], prefix: Key) -> Sequence[R]:
        """All rows whose key begins so, in key order. Raises NotAsked."""
        model = model_of(kind)
        if not self._was_asked(model, prefix):
            raise NotAsked(f"{model.name} {prefix}")
        rows = self._rows.get(model.name, {})
        return [rows[key] for key in sorted(self._beginning(model, len(prefix)).get(prefix, ()))]

    def put(self, row: Any) -> None:
        """Insert or replace."""
        model = model_of(type(row))
        key = model.key_of(row)
        self._keep(model, key, row)
        self.put_keys.setdefault(model.name, set()).add(key)
        self.dropped_keys.get(model.name, set()).discard(key)

    def drop(self, kind: ReadModel[R] | type[R], key: Key) -> None:
        model = model_of(kind)
        if self._rows.get(model.name, {}).pop(key, None) is not None:
            for (name, length), index in self._begin.items():
                if name == model.name:
                    index[key[:length]].discard(key)
        self._asked.setdefault(model.name, set()).add(key)
        self.put_keys.get(model.name, set()).discard(key)
        self.dropped_keys.setdefault(model.name, set()).add(key)

    @property
    def is_changed(self) -> bool:
        """Whether the fold put or dropped anything."""
        return any(self.put_keys.values()) or any(self.dropped_keys.values())

    def all(self, kind: ReadModel[R] | type[R]) -> Sequence[R]:
        """Everything here, in key order; for tests and comparisons."""
        model = model_of(kind)
        found = self._rows.get(model.name, {})
        return [found[key] for key in sorted(found)]

    def _keep(self, model: ReadModel[R], key: Key, row: R) -> None:
        self._rows.setdefault(model.name, {})[key] = row
        for (name, length), index in self._begin.items():
            if name == model.name:
                index.setdefault(key[:length], set()).add(key)

    def _beginning(self, model: ReadModel[Any], length: int) -> dict[Key, set[Key]]:
        """Finds rows by the beginning of a key, by an index: a batch asks thousands of times."""
        found = self._begin.get((model.name, length))
        if found is None:
            found = self._begin[model.name, length] = {}
            for key in self._rows.get(model.name, {}):
                found.setdefault(key[:length], set()).add(key)
        return found

    def _was_asked(self, model: ReadModel[Any], key: Key) -> bool:
        asked = self._asked.get(model.name, set())
        if key in asked or key in self.put_keys.get(model.name, set()):
            return True
        return any(key[:n] in asked for n in range(len(key)))


Fold = Callable[[Rows, Sequence[Recorded[Any]]], Rows]


@dataclass(frozen=True)
class Projection:
    """One read model of a service.

    `subscribes_to` are the services whose event topics it consumes; it is given only events its
    service's codec knows (own published ones, and those of the inbox), every one of them, in topic
    order per account. `needs` names the rows the fold will look at. Both may be asked about a batch
    that was processed before, and are then asked again about what is new in it.
    """

    name: str
    subscribes_to: Sequence[str]
    rows: Sequence[ReadModel[Any] | type]  # Row classes.
    needs: Callable[[Sequence[Recorded[Any]]], Iterable[Need]]
    fold: Fold

    @property
    def models(self) -> Sequence[ReadModel[Any]]:
        return [model_of(rows) for rows in self.rows]


class Difference(NamedTuple):
    """Where what is stored is not what follows from the events."""

    table: str
    key: str
    column: str  # "" when the whole row is missing or too much
    stored: str
    expected: str


class Check(Protocol):
    """Judges from the events alone whether what a service did was right. Keeps nothing."""

    @property
    def subscribes_to(self) -> Sequence[str]:
        """The services whose events it is given, all of one before the first of the next."""
        ...

    def take(self, recorded: Recorded[Any]) -> None:
        """Takes the next event, in topic order per account."""
        ...

    def differences(self) -> Iterable[Difference]:
        """What should not be so, once all events were taken."""
        ...
