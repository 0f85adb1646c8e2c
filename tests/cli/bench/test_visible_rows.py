from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.cli.bench import visible_rows
from services.cli.bench.speeds import BenchFailed
from services.cli.bench.visible_rows import STREAM, LogWatch
from shared.platform.clock import monotonic_s
from shared.platform.log.memory import MemoryLog
from shared.platform.log.port import NewRecord
from shared.platform.service import Topics, events_spec

TOPICS = Topics("bench.")
TOPIC = TOPICS.events_of("ledger")


@asynccontextmanager
async def watched() -> AsyncIterator[tuple[MemoryLog, LogWatch]]:
    log = MemoryLog()
    await log.create([events_spec(TOPICS, "ledger")])
    watch = LogWatch(log.reader("bench"), TOPIC)
    running = asyncio.create_task(watch.run())
    try:
        yield log, watch
    finally:
        running.cancel()
        await asyncio.wait({running})
        await log.close()


def record(stream: str) -> NewRecord:
    return NewRecord(b"key", b"{}", {STREAM: stream.encode()})


class TestLogWatch:
    async def test_says_how_long_after_its_201_each_was_readable(self) -> None:
        async with watched() as (log, watch):
            issued_s = monotonic_s()
            await log.append(TOPIC, 3, [record("a"), record("b")])
            first = await watch.readable_s({"a": issued_s, "b": issued_s + 3600})
            await log.append(TOPIC, 3, [record("a"), record("c")])
            await watch.readable_s({"c": issued_s})
            assert await watch.readable_s({"a": issued_s}) == first[:1]  # Its first record counts.
        assert first[0] > 0
        assert first[1] == 0.0  # It was there before anybody could ask.

    async def test_does_not_wait_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(visible_rows, "LATE_S_MAX", 0.05)
        async with watched() as (_, watch):
            with pytest.raises(BenchFailed, match="not all records"):
                await watch.readable_s({"a": monotonic_s()})
