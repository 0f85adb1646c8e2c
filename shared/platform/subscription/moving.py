"""Moves a worker's cursor and what it has processed of each stream, together in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared.kernel.envelope import Recorded
from shared.platform.log.port import TopicPartition
from shared.platform.subscription import cursor_sql as sql
from shared.platform.subscription.consumer import Cursors, Fenced
from shared.platform.subscription.decoding import Unprocessed

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver


async def move_and_mark(
    connection: Driver,
    cursors: Cursors,
    upto: Mapping[TopicPartition, int],
    unprocessed: Unprocessed,
    *,
    is_assumed: bool = False,
    tenants: Iterable[UUID] = (),
) -> bool:
    """Moves and marks all of it, or nothing; binds the tenants for the rest of the transaction.

    False: somebody else owns a partition by now or, where it was only assumed what of the batch is
    new, something else had been processed.
    """
    streams = unprocessed.versions
    has_moved: bool = await connection.fetchval(
        sql.MOVE_AND_MARK,
        *cursors.fence(upto),
        list(streams),
        list(streams.values()),
        [unprocessed.before[stream] for stream in streams] if is_assumed else [],
        _array(tenants),
    )
    return has_moved


async def move_and_look(
    connection: Driver,
    cursors: Cursors,
    upto: Mapping[TopicPartition, int],
    records: Sequence[Recorded[Any]] = (),
) -> Mapping[UUID, int]:
    """Moves the cursor; gives what was processed before of the records' streams.

    Binds their tenants for the rest of the transaction. Raises Fenced.
    """
    looked = await connection.fetchrow(
        sql.MOVE_AND_LOOK,
        *cursors.fence(upto),
        list({one.stream_id for one in records}),
        _array({one.tenant_id for one in records}),
    )
    assert looked is not None  # An aggregate without GROUP BY gives one row.
    if looked["moved"] != len(upto):
        raise Fenced
    return dict(zip(looked["streams"] or (), looked["versions"] or (), strict=True))


async def mark(connection: Driver, worker: str, unprocessed: Unprocessed) -> None:
    """Marks streams as processed up to these versions."""
    streams = unprocessed.versions
    await connection.execute(sql.MARK_PROCESSED, worker, list(streams), list(streams.values()))


def _array(tenants: Iterable[UUID]) -> str:
    return "{" + ",".join(sorted(map(str, tenants))) + "}"
