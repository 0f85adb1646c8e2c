"""The IBM import while the process is killed again and again: the end is the same."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from tests.support.calm import Calm
from tests.support.data_folders import data_folder
from tests.support.ibm_story import CLOCK_START, live_through, needs_data
from tests.support.running import Running

pytestmark = [
    pytest.mark.faults,
    pytest.mark.real_data,
    needs_data,
    pytest.mark.timeout(1800),
]

SEED: Final = 20120103
KILLS: Final = (2, 8)  # In the phase before the call, and after it.
KILLS_MIN: Final = 6  # On a machine with less to do than in the calm run it ends before the last.
LATEST: Final = 0.85  # Of a phase's calm length: a killed one takes longer, none is missed.


class Killer:
    """Kills and restarts a system at seeded moments of each phase."""

    def __init__(self, running: Running, phase_s: tuple[float, float]) -> None:
        rng = random.Random(SEED)
        self._running = running
        self._moments = [
            sorted(rng.uniform(0.0, LATEST) * length for _ in range(kills))
            for kills, length in zip(KILLS, phase_s, strict=True)
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

    def _kill_at(self, moments: list[float], over: threading.Event) -> None:
        before = 0.0
        for moment in moments:
            if over.wait(moment - before):
                return
            before = moment
            self._running.kill()
            self._running.start()
            self.kills += 1


class TestKilledImport:
    def test_ends_as_the_undisturbed_one(self, calm: Calm) -> None:
        with data_folder() as folder:
            running = Running(folder, CLOCK_START)
            running.start()
            try:
                killer = Killer(running, calm.phase_s)
                again = live_through(running, killer.during)
                again.book.close()
                running.verify()
            finally:
                running.stop()
                running.log.unlink(missing_ok=True)

        assert KILLS_MIN <= killer.kills <= sum(KILLS)
        assert again.outcome.alerts == calm.outcome.alerts
        assert again.outcome == calm.outcome
