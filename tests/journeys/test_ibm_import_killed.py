"""The IBM import while the process is killed again and again: the end is the same."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Final

import httpx
import pytest

from tests.support.calm import Calm
from tests.support.data_folders import data_folder
from tests.support.ibm_story import CLOCK_START, PHASES, live_through, needs_data
from tests.support.running import Running

pytestmark = [
    pytest.mark.faults,
    pytest.mark.real_data,
    needs_data,
    pytest.mark.timeout(1800),
]

SEED: Final = 20120103
KILLS: Final = (2, 8)  # In the phase before the call, and after it.
LATEST: Final = 0.85  # Of a phase's days: work is left behind the last kill.
JITTER_S: Final = 0.2  # From a moment on, so that it is not always the same that is begun.
LOOK_AGAIN_S: Final = 0.01  # between two looks at the clock that is driven


class Killer:
    """Kills and restarts a system when its clock has come to seeded moments of each phase.

    Not by the clock on the wall: a machine that has become quieter would be done before the last.
    """

    def __init__(self, running: Running) -> None:
        rng = random.Random(SEED)
        self._rng = rng
        self._running = running
        self._moments = [
            sorted(_midnight(first) + rng.uniform(0.0, LATEST) * (last - first) for _ in range(n))
            for n, (first, last) in zip(KILLS, PHASES, strict=True)
        ]
        self.kills = 0

    @contextmanager
    def during(self, phase: int) -> Iterator[None]:
        over = threading.Event()
        thread = threading.Thread(target=self._kill_at, args=(self._moments[phase], over))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _kill_at(self, moments: list[datetime], over: threading.Event) -> None:
        for moment in moments:
            while self._now() < moment:
                if over.wait(LOOK_AGAIN_S):
                    return
            if over.wait(self._rng.uniform(0.0, JITTER_S)):
                return
            self._running.kill()
            self._running.start()
            self.kills += 1

    def _now(self) -> datetime:
        clock = httpx.get(f"{self._running.url}/ledger/clock", timeout=30).json()
        return datetime.fromisoformat(clock["now"])


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class TestKilledImport:
    def test_ends_as_the_undisturbed_one(self, calm: Calm) -> None:
        with data_folder() as folder:
            running = Running(folder, CLOCK_START)
            running.start()
            try:
                killer = Killer(running)
                again = live_through(running, killer.during)
                again.book.close()
                running.verify()
            finally:
                running.stop()
                running.log.unlink(missing_ok=True)

        assert killer.kills == sum(KILLS)
        assert again.outcome.alerts == calm.outcome.alerts
        assert again.outcome == calm.outcome
