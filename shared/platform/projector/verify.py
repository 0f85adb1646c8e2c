"""Compares a projection's tables with a new fold of the log, up to where its cursors stand."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from shared.kernel.envelope import Recorded
from shared.platform.log.port import EventLog, TopicPartition
from shared.platform.projector.port import (
    Check,
    Difference,
    Key,
    Need,
    Projection,
    ReadModel,
    Rows,
)
from shared.platform.projector.rows_sql import ModelSql
from shared.platform.subscription.decoding import EventDecoder, unprocessed_of

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

RECORDS_MAX: Final = 2_000  # folded at once
FETCH_WAIT_S: Final = 10.0  # for records that are known to be there

CURSORS: Final = "SELECT topic, partition_no, next_offset FROM es_cursor WHERE worker = $1"


class Stored(NamedTuple):
    """A projection as one snapshot shows it."""

    projection: Projection
    upto: Mapping[TopicPartition, int]
    rows: Mapping[str, Mapping[Key, Any]]  # table -> key -> row


class LogEndsEarly(Exception):
    """A cursor stands beyond what the log has."""


class _Shelf:
    """The rows of one read model in memory, found by key or by the beginning of a key."""

    def __init__(self, model: ReadModel[Any]) -> None:
        self.model = model
        self.rows: dict[Key, Any] = {}
        self._below: dict[int, dict[Key, set[Key]]] = {}  # Prefix length -> prefix -> keys.

    def find(self, prefix: Key) -> Sequence[Any]:
        length = len(prefix)
        if length == len(self.model.key_names):
            return [self.rows[prefix]] if prefix in self.rows else []
        if length not in self._below:
            index: dict[Key, set[Key]] = {}
            for key in self.rows:
                index.setdefault(key[:length], set()).add(key)
            self._below[length] = index
        return [self.rows[key] for key in self._below[length].get(prefix, ())]

    def take(self, rows: Rows) -> None:
        """Takes over what a fold put and dropped."""
        for key in rows.dropped_keys.get(self.model.name, ()):
            if self.rows.pop(key, None) is not None:
                for length, index in self._below.items():
                    index[key[:length]].discard(key)
        for key in rows.put_keys.get(self.model.name, ()):
            self.rows[key] = rows.get(self.model, key)
            for length, index in self._below.items():
                index.setdefault(key[:length], set()).add(key)


class Fold:
    """A projection folded in memory from its first event on, by its own fold."""

    def __init__(self, projection: Projection, decoder: EventDecoder) -> None:
        self._projection = projection
        self._decoder = decoder
        self._shelves = {model.name: _Shelf(model) for model in projection.models}

    async def run(self, log: EventLog, upto: Mapping[TopicPartition, int]) -> None:
        name = self._projection.name
        async with aclosing(_events(log, name, self._decoder, upto)) as batches:
            async for events in batches:
                rows = Rows()
                self._load(rows, self._projection.needs(events))
                folded = self._projection.fold(rows, events)
                for shelf in self._shelves.values():
                    shelf.take(folded)

    def rows(self) -> Mapping[str, Mapping[Key, Any]]:
        return {name: shelf.rows for name, shelf in self._shelves.items()}

    def _load(self, rows: Rows, needs: Iterable[Need]) -> None:
        for need in needs:
            rows.load(need, self._shelves[need.model.name].find(need.key))


async def _events(
    log: EventLog, name: str, decoder: EventDecoder, upto: Mapping[TopicPartition, int]
) -> AsyncGenerator[Sequence[Recorded[Any]]]:
    """Every event from the first on, once, some at a time. Raises LogEndsEarly."""
    reader = log.reader(f"verify-{name}")
    processed: dict[UUID, int] = {}
    positions = {at: 0 for at, end in upto.items() if end > 0}
    try:
        while positions:
            batch = await reader.fetch(positions, RECORDS_MAX, FETCH_WAIT_S)
            if not batch:
                raise LogEndsEarly(", ".join(f"{at.topic}/{at.partition}" for at in positions))
            wanted = {
                at: [record for record in records if record.offset < upto[at]]
                for at, records in batch.items()
            }
            unprocessed = unprocessed_of(decoder.decode_all(wanted), processed)
            processed.update(unprocessed.versions)
            if unprocessed.events:
                yield unprocessed.events
            for at, records in batch.items():
                positions[at] = records[-1].offset + 1
            positions = {at: n for at, n in positions.items() if n < upto[at]}
    finally:
        await reader.close()


async def judge(
    check: Check, log: EventLog, decoder: EventDecoder, topics: Sequence[str]
) -> Sequence[Difference]:
    """Gives a check every event of its topics, one topic after the other, and asks it."""
    for topic in topics:  # Its end is read when it is its turn: effects never before causes.
        ends = await log.end_offsets(topic)
        upto = {TopicPartition(topic, n): end for n, end in enumerate(ends)}
        async with aclosing(_events(log, topic, decoder, upto)) as batches:
            async for events in batches:
                for recorded in events:
                    check.take(recorded)
    return tuple(check.differences())


async def read_stored(connection: Driver, projection: Projection, topics: Sequence[str]) -> Stored:
    """Reads a projection's tables inside a snapshot bound to all tenants."""
    cursors = await connection.fetch(CURSORS, projection.name)
    upto = {
        TopicPartition(row["topic"], row["partition_no"]): row["next_offset"]
        for row in cursors
        if row["topic"] in topics
    }
    rows: dict[str, dict[Key, Any]] = {}
    for model in projection.models:
        statements = ModelSql(model)
        found = [
            statements.row(record) for record in await connection.fetch(statements.select_all())
        ]
        rows[model.name] = {model.key_of(row): row for row in found}
    return Stored(projection, upto, rows)


def compare(
    projection: Projection,
    stored: Mapping[str, Mapping[Key, Any]],
    expected: Mapping[str, Mapping[Key, Any]],
) -> Sequence[Difference]:
    found: list[Difference] = []
    for model in projection.models:
        there, wanted = stored[model.name], expected[model.name]
        for key in sorted(there.keys() | wanted.keys(), key=str):
            found += _compare_rows(model, key, there.get(key), wanted.get(key))
    return found


def _compare_rows(
    model: ReadModel[Any], key: Key, stored: Any, expected: Any
) -> Iterable[Difference]:
    name = "/".join(str(part) for part in key)
    if stored is None or expected is None:
        return [Difference(model.name, name, "", _is_there(stored), _is_there(expected))]
    columns = ModelSql(model).column_names
    values = [(c, getattr(stored, c), getattr(expected, c)) for c in columns]
    return [Difference(model.name, name, c, repr(a), repr(b)) for c, a, b in values if a != b]


def _is_there(row: Any) -> str:
    return "no row" if row is None else "a row"
