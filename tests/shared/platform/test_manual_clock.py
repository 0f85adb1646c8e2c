from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.platform.database.pools import Database
from shared.platform.manual_clock import CLOCK_CHANNEL, ClockMovesBackward, ManualClock

pytestmark = pytest.mark.connected

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NEW_YEAR + timedelta(hours=1)


class TestManualClock:
    async def test_begins_where_it_is_told_once(self, platform_database: Database) -> None:
        clock = ManualClock(platform_database)
        await clock.start_at(NEW_YEAR)
        await clock.start_at(LATER)
        assert await clock.now() == NEW_YEAR

    async def test_is_moved_for_every_process(self, platform_database: Database) -> None:
        here, there = ManualClock(platform_database), ManualClock(platform_database)
        await here.start_at(NEW_YEAR)
        assert await there.now() == NEW_YEAR
        await here.advance(LATER)
        assert (await here.now(), await there.now()) == (LATER, LATER)

    async def test_never_goes_back(self, platform_database: Database) -> None:
        clock = ManualClock(platform_database)
        await clock.start_at(LATER)
        await clock.advance(LATER)
        with pytest.raises(ClockMovesBackward):
            await clock.advance(NEW_YEAR)
        assert await clock.now() == LATER

    async def test_tells_who_waits_for_timers(self, platform_database: Database) -> None:
        clock = ManualClock(platform_database)
        await clock.start_at(NEW_YEAR)
        notified = asyncio.Event()
        listener = await platform_database.own_connection("test")
        try:
            await listener.add_listener(CLOCK_CHANNEL, lambda *_: notified.set())
            await clock.advance(LATER)
            async with asyncio.timeout(5):
                await notified.wait()
        finally:
            listener.terminate()
