"""Killed while a stream is parked and while it is let back in: nothing twice, nothing missing."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from shared.platform.hosting.verify import verify
from shared.platform.observability import failpoints
from shared.platform.service import Topics
from tests.support.brokers import Brokers
from tests.support.toy import parking_process, process, wallet, wallets
from tests.support.toy.parking_process import BAD, POISONED, ROUNDS, WALLETS, spent
from tests.support.toy.poison import put_away
from tests.support.toy.running import RunningToy

pytestmark = [pytest.mark.connected, pytest.mark.faults]

ROOT: Final = Path(__file__).parents[2]
RUN_S_MAX: Final = 60.0
AT_PARKING: Final = ("parking.before_commit", "parking.after_commit")
AT_RETRY: Final = (
    "parking.after_retry",
    "parking.before_retry_commit",
    "parking.after_retry_commit",
)


async def run(database_url: str, log: str, prefix: str, *, poison: int, point: str = "") -> None:
    """Runs one process, that has to die at the point, or to come to its end."""
    program = parking_process.__name__
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", program, database_url, log, prefix, str(poison)),
        cwd=ROOT,
        env={**os.environ, failpoints.VARIABLE: point},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(RUN_S_MAX):
        _, said = await running.communicate()
    assert running.returncode == (failpoints.KILLED if point else 0), said.decode()
    if point:
        assert said.decode().splitlines()[-1] == failpoints.said_at(point)


async def check(database_url: str, log_place: str, prefix: str, *, is_parked: bool) -> None:
    """Compares what was done with what had to be, exactly once and in order."""
    log = process.log_at(log_place)
    described = wallets.service()
    toy = RunningToy(database_url, log, described=described, topics=Topics(prefix))
    try:
        for n in range(WALLETS):
            waits = is_parked and f"P-{n}" == POISONED
            done = [] if waits else [spent(n, nth) for nth in range(ROUNDS)]
            assert await put_away(toy, f"P-{n}") == done, n
        found = await verify(
            described,
            database=toy.database,
            log=log,
            topics=toy.topics,
            tenants=[wallet.TENANT],
        )
        assert [one.table for one in found] == ["es_parked_stream"] * is_parked
        assert (await toy.workers.status()).halted == []
    finally:
        await toy.store.close()
        await toy.database.close()
        await log.close()


async def live_and_die(database_url: str, log: str, prefix: str, point: str) -> None:
    if point in AT_PARKING:
        await run(database_url, log, prefix, poison=BAD, point=point)
    await run(database_url, log, prefix, poison=BAD)
    await check(database_url, log, prefix, is_parked=True)
    if point in AT_RETRY:
        await run(database_url, log, prefix, poison=0, point=point)
    await run(database_url, log, prefix, poison=0)
    await check(database_url, log, prefix, is_parked=False)


class TestKilledWhileParking:
    @pytest.mark.parametrize("point", [*AT_PARKING, *AT_RETRY])
    async def test_loses_and_doubles_nothing(
        self, make_database: Callable[..., str], platform_template: str, point: str
    ) -> None:
        url = make_database(wallets.STATEMENTS, template=platform_template)
        await live_and_die(url, make_database(), "", point)

    @pytest.mark.parametrize("point", [AT_PARKING[0], AT_RETRY[0]])
    async def test_loses_and_doubles_nothing_on_kafka(
        self,
        make_database: Callable[..., str],
        platform_template: str,
        one_broker: Brokers,
        point: str,
    ) -> None:
        url = make_database(wallets.STATEMENTS, template=platform_template)
        await live_and_die(url, one_broker.bootstrap, f"toy.{uuid4().hex[:12]}.", point)

    def test_knows_every_point_there_is(self) -> None:
        named = {name for name in failpoints.NAMES if name.startswith("parking.")}
        assert named == {*AT_PARKING, *AT_RETRY}
