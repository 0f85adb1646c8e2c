"""Workers whose log is away: they try with patience, and end soon when they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import pytest
import structlog

from shared.platform.clock import monotonic_s
from shared.platform.hosting.workers import BATCHES_END_S_MAX, CUT_OFF_S_MAX
from shared.platform.log.memory import MemoryLog
from shared.platform.log.port import LogUnavailable, NewRecord
from tests.support.toy import wallets
from tests.support.toy.records import all_records
from tests.support.toy.running import RunningToy

pytestmark = pytest.mark.connected

SOON_S: Final = 10.0
GRACE_S: Final = 2.0  # for a busy machine
WATCHED_S: Final = 3.0


class AwayLog(MemoryLog):
    """Appends fail or hang as long as it is away."""

    def __init__(self, *, hangs: bool) -> None:
        super().__init__()
        self.hangs = hangs
        self.is_away = True
        self.asked_s: list[float] = []
        self.asked = asyncio.Event()

    async def append(self, topic: str, partition: int, records: Sequence[NewRecord]) -> int:
        if not self.is_away:
            return await super().append(topic, partition, records)
        self.asked_s.append(monotonic_s())
        self.asked.set()
        if self.hangs:
            await asyncio.Event().wait()
        raise LogUnavailable("away")


class TestWorkers:
    async def test_end_soon_while_an_append_hangs_and_lose_nothing(self, url: str) -> None:
        log = AwayLog(hangs=True)
        toy = RunningToy(url, log)
        await toy.start()
        await toy.do(wallets.fill("P-1", 10))
        async with asyncio.timeout(SOON_S):
            await log.asked.wait()

        started_s = monotonic_s()
        await toy.stop()

        assert monotonic_s() - started_s < BATCHES_END_S_MAX + CUT_OFF_S_MAX + GRACE_S
        log.is_away = False
        again = RunningToy(url, log)
        await again.start()
        await again.settle()
        records = await all_records(log, again.topics.events_of(wallets.NAME))
        assert len(records) == 2
        await again.stop()

    async def test_try_less_and_less_often_and_say_so_once(self, url: str) -> None:
        log = AwayLog(hangs=False)
        toy = RunningToy(url, log)
        with structlog.testing.capture_logs() as lines:
            await toy.start()
            await toy.do(wallets.fill("P-1", 10))
            async with asyncio.timeout(SOON_S):
                await log.asked.wait()
            await asyncio.sleep(WATCHED_S)
            log.is_away = False
            await toy.settle()
        await toy.stop()
        # At 0, 0.25, 0.75, 1.75 and 3.75 s; both events go in one append.
        assert len(log.asked_s) in (3, 4, 5)
        assert [line["event"] for line in lines].count("append failed") == 1
