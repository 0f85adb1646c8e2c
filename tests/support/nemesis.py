"""Kills what an installation is made of, at seeded moments of its own story, and restarts it."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg

from tests.support.brokers import Brokers
from tests.support.installation import Installation

LOOK_S: Final = 0.05  # Between two looks at the clock; a day of the story takes longer.
DELAY_S_MAX: Final = 0.5  # From the begin of the day, so that all that a day is made of gets hit.

CLOCK: Final = "SELECT now FROM domain_clock"


@dataclass(frozen=True, order=True)
class Blow:
    """Strikes once the domain clock has reached the day, and so much later."""

    day: date
    delay_s: float
    target: str


def blows(
    seed: int,
    targets: Sequence[str],
    each: int,
    first: date,
    last: date,
    *,
    spared: Sequence[tuple[date, date]] = (),
) -> list[Blow]:
    """Plans `each` blows on every target between the days, one in each of as many spans."""
    rng = random.Random(seed)
    span = (last - first).days / each
    found = []
    for target in targets:
        for nth in range(each):
            day = first + timedelta(days=int(span * (nth + rng.random())))
            for begin, end in spared:
                if begin <= day <= end:
                    day = end + timedelta(days=1)
            found.append(Blow(day, rng.uniform(0.0, DELAY_S_MAX), target))
    return sorted(found)


class Nemesis:
    """Strikes the six processes by name, and a broker by its number: `broker 2`."""

    def __init__(
        self, installation: Installation, brokers: Brokers, plan: Sequence[Blow], zone: str
    ) -> None:
        self._installation = installation
        self._brokers = brokers
        self._left = sorted(plan)
        self._zone = ZoneInfo(zone)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.struck: Counter[str] = Counter()
        self.away_s: dict[str, list[float]] = defaultdict(list)  # From the kill until it is ready.

    @contextmanager
    def during(self) -> Iterator[None]:
        """Strikes on time; all that was struck is well again at the end."""
        over = threading.Event()
        with ThreadPoolExecutor(max_workers=1) as thread:
            watching = thread.submit(asyncio.run, self._watch(over))
            try:
                yield
            finally:
                over.set()
                watching.result()

    async def _watch(self, over: threading.Event) -> None:
        self._turns.clear()  # They belong to the loop of the phase before.
        connection = await asyncpg.connect(self._installation.database_url("ledger"))
        try:
            async with asyncio.TaskGroup() as group:
                while self._left and not over.is_set():
                    today = (await connection.fetchval(CLOCK)).astimezone(self._zone).date()
                    while self._left and self._left[0].day <= today:
                        group.create_task(self._strike(self._left.pop(0)))
                    await asyncio.sleep(LOOK_S)
        finally:
            await connection.close()

    async def _strike(self, blow: Blow) -> None:
        await asyncio.sleep(blow.delay_s)
        kind, _, number = blow.target.partition(" ")
        async with self._turns[kind if kind == "broker" else blow.target]:
            began_s = time.monotonic()
            if kind == "broker":
                await asyncio.to_thread(self._strike_broker, int(number))
            else:
                await asyncio.to_thread(self._strike_process, blow.target)
            self.away_s[blow.target].append(time.monotonic() - began_s)
            self.struck[blow.target] += 1

    def _strike_broker(self, number: int) -> None:
        """Strikes one broker at a time: two of three are needed to write."""
        self._brokers.kill(number)
        self._brokers.restart(number)

    def _strike_process(self, name: str) -> None:
        process = self._installation[name]
        assert process.is_alive, f"{name} had ended before it was killed\n{process.last_words()}"
        process.kill()
        process.start()
        process.await_ready()
