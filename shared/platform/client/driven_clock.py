"""The clocks of a rehearsed Duebook, moved forward by whoever replays a book. Never back."""

from __future__ import annotations

import asyncio
from datetime import date, datetime

from shared.kernel.days import start_of_day
from shared.platform.client.calls import SERVICES, Calls


class NotManual(Exception):
    """The services go by the real time; nobody drives that."""


class DrivenClock:
    """Knows where the clocks stand, so that a day that has begun already is not begun again."""

    def __init__(self, calls: Calls, zone: str) -> None:
        self._calls = calls
        self._zone = zone
        self._earliest: datetime | None = None

    async def reach(self, day: date) -> None:
        """To 00:00 of the day in the zone, unless all clocks are there or beyond."""
        instant = start_of_day(day, self._zone)
        if self._earliest is None:
            self._earliest = await self._ask()
        if self._earliest < instant:
            await self._calls.advance(instant, zone=self._zone)
            self._earliest = instant

    async def _ask(self) -> datetime:
        hands = await asyncio.gather(*(self._calls.clock(service) for service in SERVICES))
        if not all(hand.is_manual for hand in hands):
            raise NotManual
        return min(hand.now for hand in hands)
