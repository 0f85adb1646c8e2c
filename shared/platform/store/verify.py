"""Folds every stream from its first event, and says what its snapshot has that is not so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from shared.kernel.decider import Aggregate, Armed, Folded
from shared.platform.codec import Codec
from shared.platform.store.folded_codec import FoldedCodec, SnapshotCorrupt, folded_codecs
from shared.platform.store.folding import after_event, before_first_event

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

PREFETCH: Final = 2_000  # events read ahead

EVENTS: Final = """
SELECT e.stream_id, s.stream_type, s.legal_entity, e.account_id, e.type, e.data, e.recorded_at,
       n.fingerprint, n.data AS snapshot
  FROM es_event e JOIN es_stream s USING (stream_id)
  LEFT JOIN es_snapshot n
    ON n.stream_id = e.stream_id AND n.version = e.version AND n.event_id = e.event_id
 ORDER BY e.stream_id, e.version"""

# Those of a history that is not the stored one.
STRAY: Final = """
SELECT n.stream_id, n.version FROM es_snapshot n
 WHERE NOT EXISTS (SELECT FROM es_event e WHERE e.stream_id = n.stream_id
                   AND e.version = n.version AND e.event_id = n.event_id)"""


class SnapshotDifference(NamedTuple):
    stream_id: UUID
    stored: str
    expected: str


class Refolded(NamedTuple):
    """Every stream as its events say it is, and the snapshots that say otherwise."""

    timers: Mapping[UUID, Mapping[str, Armed]]  # Of the streams that have some waiting.
    snapshots: Sequence[SnapshotDifference]


async def refold(
    connection: Driver, codec: Codec, aggregates: Sequence[Aggregate[Any, Any]]
) -> Refolded:
    """Reads all events inside a snapshot of the database that is bound to all tenants.

    A snapshot of another fold than today's is never used, and says nothing.
    """
    kinds = {aggregate.kind: aggregate for aggregate in aggregates}
    codecs = folded_codecs(aggregates, codec)
    timers: dict[UUID, Mapping[str, Armed]] = {}
    differences: list[SnapshotDifference] = []
    current: UUID | None = None
    folded: Folded | None = None
    async for row in connection.cursor(EVENTS, prefetch=PREFETCH):
        id, kind = row["stream_id"], row["stream_type"]
        if folded is None or id != current:
            _keep(timers, current, folded)
            current, folded = id, before_first_event(kinds[kind])
        recorded_at: datetime = row["recorded_at"]
        folded = after_event(
            folded,
            kinds[kind],
            codec.decode(row["type"], row["data"]),
            account_id=row["account_id"],
            legal_entity=row["legal_entity"],
            recorded_at=recorded_at,
        )
        if row["fingerprint"] == codecs[kind].fingerprint:
            stored = _differs(row["snapshot"], codecs[kind], folded)
            if stored is not None:
                expected = f"as folded to version {folded.version}"
                differences.append(SnapshotDifference(id, stored, expected))
    _keep(timers, current, folded)
    for id, version in await connection.fetch(STRAY):
        differences.append(SnapshotDifference(id, f"of another version {version}", "none"))
    return Refolded(timers, differences)


def _keep(
    timers: dict[UUID, Mapping[str, Armed]], stream: UUID | None, folded: Folded | None
) -> None:
    if stream is not None and folded is not None and folded.timers:
        timers[stream] = folded.timers


def _differs(data: bytes, codec: FoldedCodec, folded: Folded) -> str | None:
    """What the snapshot is, where it is not what was folded."""
    try:
        found = codec.decode(data)
    except SnapshotCorrupt:
        return "corrupt"
    if found == folded:
        return None
    names = [name for name in Folded._fields if getattr(found, name) != getattr(folded, name)]
    return f"another {', '.join(names)}"
