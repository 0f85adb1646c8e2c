"""`duebook up`: idle it costs next to nothing, and SIGTERM under load loses nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Final

import pytest

from services.cli.client.clocks import Clocks
from services.cli.client.duebook import Duebook
from services.cli.installed import SERVICES
from shared.platform.database.embedded.folders import DATA
from shared.platform.database.embedded.postmaster import PID_FILE
from tests.support.data_folders import data_folder
from tests.support.load import Load, questions_of
from tests.support.running import Running, duebook
from tests.support.small_book import CLOCK_START, open_book
from tests.support.watching import cpu_of_tree_s

pytestmark = [pytest.mark.faults, pytest.mark.connected, pytest.mark.timeout(120)]

ACCOUNTS: Final = 12
ROUNDS: Final = 3
LOADED_S: Final = 1.5
END_S_MAX: Final = 3.0
IDLE_S: Final = 10.0
QUIET_S: Final = 2.0  # after the start, before it counts as idle
CORE_SHARE_MAX: Final = 0.05

_log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with data_folder() as folder:
        found = Running(folder, CLOCK_START)
        found.start()
        try:
            yield found
        finally:
            if found.is_alive:
                found.stop()
            found.log.unlink(missing_ok=True)


async def terminate_under_load(running: Running, load: Load) -> float:
    """The seconds it took to end; it is started again at once."""
    questions = [q for name in SERVICES for q in questions_of(f"{running.url}/{name}", name)]
    async with load.on(running.url, questions):
        await asyncio.sleep(LOADED_S)
        took_s = await asyncio.to_thread(running.stop)
        await asyncio.to_thread(running.start)
        await asyncio.sleep(LOADED_S)
    return took_s


async def numbers(running: Running) -> list[str]:
    """Of all invoices, over HTTP, once all is settled."""
    async with Duebook(running.url) as client:
        await Clocks(client).settle()
        return [one["number"] async for one in client.items("ledger", "invoices")]


class TestUp:
    def test_idle_uses_less_than_a_twentieth_of_a_core(self, running: Running) -> None:
        time.sleep(QUIET_S)
        # pg_ctl leaves the server an orphan: it is in no tree of ours, and counts all the same.
        postmaster = int((running.folder / DATA / PID_FILE).read_text().split()[0])
        before_s = cpu_of_tree_s(running.pid), cpu_of_tree_s(postmaster)
        time.sleep(IDLE_S)
        ours = (cpu_of_tree_s(running.pid) - before_s[0]) / IDLE_S
        postgres = (cpu_of_tree_s(postmaster) - before_s[1]) / IDLE_S
        _log.info("idle: %.2f %% of a core, PostgreSQL %.2f %%", ours * 100, postgres * 100)
        assert ours + postgres < CORE_SHARE_MAX

    @pytest.mark.parametrize("round", range(ROUNDS))
    def test_terminated_under_load_ends_soon_and_loses_nothing(
        self, running: Running, round: int
    ) -> None:
        if round == 0:
            asyncio.run(open_book(running.url, ACCOUNTS))
        load = Load(f"R{round}", ACCOUNTS)
        took_s = asyncio.run(terminate_under_load(running, load))
        _log.info("ended after %.2f s: %s, cut %s", took_s, load.statuses, load.cut)
        assert took_s < END_S_MAX
        stored = asyncio.run(numbers(running))
        assert len(stored) == len(set(stored))
        load.check(set(stored))

    def test_is_clean_in_the_end(self, running: Running) -> None:
        said = duebook("verify", "--data", str(running.folder))
        assert said.returncode == 0, said.stdout + said.stderr
        assert said.stdout.count(": clean") == 3
