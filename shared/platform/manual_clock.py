"""A domain clock that stands still until it is told to move: one row in a service's database.

It never goes back. Every process reads it; when an advance has been answered, no process still
goes by the time before.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import text

from shared.platform.clock import monotonic_s
from shared.platform.database.pools import Database, driver
from shared.platform.signals import heed

CLOCK_CHANNEL: Final = "duebook_clock"  # PostgreSQL tells it to all who wait for timers
READ: Final = "SELECT now FROM domain_clock"
REMEMBERED_S: Final = 0.005  # seconds a process goes by what it read; an advance waits this long


class ClockMovesBackward(Exception):
    """The clock stands later than the instant it was told."""


class ManualClock:
    """The row `domain_clock`, remembered for a moment so that a command does not pay for it."""

    is_manual = True

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read_at_s = -REMEMBERED_S
        self._now: datetime | None = None
        self._reading: asyncio.Task[datetime] | None = None
        self._reading_since_s = 0.0

    async def now(self) -> datetime:
        asked_s = monotonic_s()
        if self._now is not None and asked_s - self._read_at_s < REMEMBERED_S:
            return self._now
        if self._reading is None or asked_s - self._reading_since_s >= REMEMBERED_S:
            self._reading_since_s = asked_s
            self._reading = asyncio.create_task(self._read(asked_s))
            self._reading.add_done_callback(heed)  # Who asked may have gone away.
        return await asyncio.shield(self._reading)

    async def start_at(self, instant: datetime) -> None:
        """Where it begins when it has never been set."""
        async with self._database.unbound() as connection:
            await connection.execute(
                text("INSERT INTO domain_clock (now) VALUES (:now) ON CONFLICT DO NOTHING"),
                {"now": instant.astimezone(UTC)},
            )

    async def advance(self, to: datetime) -> None:
        """Moves it. Staying where it is, is allowed; going back raises ClockMovesBackward."""
        async with self._database.unbound() as connection:
            moved = await connection.execute(
                text("UPDATE domain_clock SET now = :to WHERE now <= :to"),
                {"to": to.astimezone(UTC)},
            )
            if moved.rowcount == 0:
                raise ClockMovesBackward
            await connection.execute(text(f"NOTIFY {CLOCK_CHANNEL}"))
        self._now, self._reading, self._read_at_s = None, None, monotonic_s()
        await asyncio.sleep(REMEMBERED_S)

    async def _read(self, asked_s: float) -> datetime:
        try:
            async with self._database.engine.connect() as connection:
                # Asked before every command: one round trip, without a transaction around it.
                raw = await driver(connection)
                now: datetime = (await raw.fetchval(READ)).astimezone(UTC)
        finally:
            if self._reading is asyncio.current_task():
                self._reading = None
        if asked_s >= self._read_at_s:
            self._now, self._read_at_s = now, asked_s
        return now
