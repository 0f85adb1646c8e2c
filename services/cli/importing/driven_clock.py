"""The clocks of a rehearsed Duebook, moved forward by whoever replays a book. Never back."""

from __future__ import annotations

from datetime import date, datetime

from services.cli.client.clocks import ClockNotManual, Clocks
from shared.kernel.days import start_of_day


class DrivenClock:
    """Knows where the clocks stand, so that a day that has begun already is not begun again."""

    def __init__(self, clocks: Clocks, zone: str) -> None:
        self._clocks = clocks
        self._zone = zone
        self._earliest: datetime | None = None

    async def reach(self, day: date) -> None:
        """To 00:00 of the day in the zone, unless all clocks are there or beyond."""
        instant = start_of_day(day, self._zone)
        if self._earliest is None:
            self._earliest = await self._ask()
        if self._earliest < instant:
            await self._clocks.advance(instant)
            self._earliest = instant

    async def _ask(self) -> datetime:
        readings = await self._clocks.read()
        if not all(reading.is_manual for reading in readings):
            raise ClockNotManual
        return min(reading.now for reading in readings)
