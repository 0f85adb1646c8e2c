"""Compares the waiting timers with those that the folded streams want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from shared.kernel.decider import Armed

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

TIMERS: Final = "SELECT stream_id, name, due_at, since_version FROM es_timer"


class TimerDifference(NamedTuple):
    stream_id: UUID
    name: str
    stored: Armed | None
    expected: Armed | None


async def compare_timers(
    connection: Driver, wanted: Mapping[UUID, Mapping[str, Armed]]
) -> Sequence[TimerDifference]:
    """Compares inside the snapshot in which the streams were folded."""
    expected = {
        (stream, name): armed for stream, timers in wanted.items() for name, armed in timers.items()
    }
    stored: dict[tuple[UUID, str], Armed] = {}
    for stream, name, due_at, since_version in await connection.fetch(TIMERS):
        stored[stream, name] = Armed(due_at, since_version)
    return [
        TimerDifference(*key, stored.get(key), expected.get(key))
        for key in sorted(stored.keys() | expected.keys())
        if stored.get(key) != expected.get(key)
    ]
