"""Compares the waiting timers with those that the folded streams want. Reads all events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from shared.kernel.decider import Aggregate, Armed, Folded
from shared.platform.codec import Codec
from shared.platform.store.folding import after_event, before_first_event

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

PREFETCH: Final = 2_000  # events read ahead

EVENTS: Final = """
SELECT e.stream_id, s.stream_type, s.legal_entity, e.account_id, e.type, e.data, e.recorded_at
  FROM es_event e JOIN es_stream s USING (stream_id) ORDER BY e.stream_id, e.version"""
TIMERS: Final = "SELECT stream_id, name, due_at, since_version FROM es_timer"

Waiting = dict[tuple[UUID, str], Armed]


class TimerDifference(NamedTuple):
    stream_id: UUID
    name: str
    stored: Armed | None
    expected: Armed | None


async def compare_timers(
    connection: Driver, codec: Codec, aggregates: Sequence[Aggregate[Any, Any]]
) -> Sequence[TimerDifference]:
    """Compares inside a snapshot bound to all tenants."""
    kinds = {aggregate.kind: aggregate for aggregate in aggregates}
    expected = await _expected(connection, codec, kinds)
    stored: Waiting = {}
    for stream, name, due_at, since_version in await connection.fetch(TIMERS):
        stored[stream, name] = Armed(due_at, since_version)
    return [
        TimerDifference(*key, stored.get(key), expected.get(key))
        for key in sorted(stored.keys() | expected.keys())
        if stored.get(key) != expected.get(key)
    ]


async def _expected(
    connection: Driver, codec: Codec, kinds: Mapping[str, Aggregate[Any, Any]]
) -> Waiting:
    waiting: Waiting = {}
    current: UUID | None = None
    folded: Folded | None = None
    async for row in connection.cursor(EVENTS, prefetch=PREFETCH):
        aggregate = kinds[row["stream_type"]]
        if folded is None or row["stream_id"] != current:
            _keep(waiting, current, folded)
            current, folded = row["stream_id"], before_first_event(aggregate)
        recorded_at: datetime = row["recorded_at"]
        folded = after_event(
            folded,
            aggregate,
            codec.decode(row["type"], row["data"]),
            account_id=row["account_id"],
            legal_entity=row["legal_entity"],
            recorded_at=recorded_at,
        )
    _keep(waiting, current, folded)
    return waiting


def _keep(waiting: Waiting, stream: UUID | None, folded: Folded | None) -> None:
    if stream is not None and folded is not None:
        waiting.update({(stream, name): armed for name, armed in folded.timers.items()})
