"""Who works on what: several processes, one that slept, one that was killed."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from shared.platform.clock import monotonic_s
from shared.platform.database.connections import HeldConnection
from shared.platform.hosting.workers import Workers
from shared.platform.log.port import EventLog
from shared.platform.log.postgres import PostgresLog
from shared.platform.reactor.facts import Facts
from shared.platform.reactor.runtime import Progress
from tests.support.toy import wallet, wallets
from tests.support.toy.running import RunningToy

pytestmark = pytest.mark.connected
SOON_S: Final = 10.0


async def _owners(toy: RunningToy) -> dict[str | None, int]:
    """Who has how many partitions of a projection."""
    rows = await toy.rows(
        "SELECT owner, count(*) AS n FROM es_lease WHERE worker = 'coins' GROUP BY owner"
    )
    return {row.owner: row.n for row in rows}


class TestOwnership:
    async def test_two_processes_share_and_lose_nothing(
        self, url: str, log: EventLog, log_url: str
    ) -> None:
        other_log = PostgresLog(log_url)
        one = RunningToy(url, log, instance="one", lease_ttl_s=1.0)
        two = RunningToy(url, other_log, instance="two", lease_ttl_s=1.0)
        await one.start()
        await one.do(*(wallets.fill(f"P-{n}", 10, n) for n in range(50)))
        await two.start()
        await one.do(*(wallet.spend(f"P-{n}", 1) for n in range(50)))
        end_s = monotonic_s() + SOON_S
        while await _owners(one) != {"one": 6, "two": 6}:
            assert monotonic_s() < end_s
            await asyncio.sleep(0.1)
        await two.do(*(wallet.spend(f"P-{n}", 2) for n in range(50)))
        await two.settle()
        await two.stop()
        await one.do(*(wallet.spend(f"P-{n}", 3) for n in range(50)))
        await one.settle()
        rows = await one.rows("SELECT sum(coins), sum(changes), count(*) FROM coins")
        assert tuple(rows[0]) == (500, 450, 100)
        await one.stop()
        await other_log.close()

    async def test_its_own_leases_are_taken_again_at_once_after_a_crash(
        self, url: str, log: EventLog
    ) -> None:
        one = RunningToy(url, log, instance="one", lease_ttl_s=60.0)
        await one.start()
        await one.do(wallets.fill("P-1", 10))
        await one.settle()
        await _crash(one.workers)
        again = RunningToy(url, log, instance="one", lease_ttl_s=60.0)
        await again.start()
        await again.do(wallets.fill("P-2", 10))
        assert await again.workers.wait_processed("coins", {wallet.stream("P-2").id: 2}, SOON_S)
        epochs = await again.rows("SELECT DISTINCT epoch FROM es_lease WHERE worker = 'coins'")
        assert [row.epoch for row in epochs] == [2]
        await again.stop()
        await one.writer.close()
        await one.database.close()

    async def test_a_worker_that_was_asleep_writes_nothing(self, url: str, log: EventLog) -> None:
        one = RunningToy(url, log, instance="one")
        await one.start()
        await one.do(wallets.fill("P-1", 10))
        await one.settle()
        async with one.database.unbound() as connection:
            await connection.exec_driver_sql(
                "UPDATE es_lease SET owner = 'two', epoch = epoch + 1,"
                " lease_until = clock_timestamp() + interval '1 minute' WHERE worker = 'coins'"
            )
            await connection.exec_driver_sql(
                "UPDATE es_cursor SET epoch = epoch + 1 WHERE worker = 'coins'"
            )
        await one.do(wallet.spend("P-1", 1))
        assert await one.workers.wait_processed("moves", {wallet.stream("P-1").id: 3}, SOON_S)
        assert not await one.workers.wait_processed("coins", {wallet.stream("P-1").id: 3}, 1.5)
        started_s = monotonic_s()
        await one.stop()
        assert monotonic_s() - started_s < 3  # Though a reaction waits for the projection.

    async def test_stopping_gives_the_leases_back(self, url: str, log: EventLog) -> None:
        one = RunningToy(url, log, instance="one", lease_ttl_s=60.0)
        await one.start()
        await one.do(wallets.fill("P-1", 10))
        await one.settle()
        await one.workers.stop()
        rows = await one.rows("SELECT count(*) FROM es_lease WHERE lease_until > now()")
        assert rows[0][0] == 0
        await one.stop()

    async def test_two_processes_of_one_host_get_names_of_their_own(
        self, url: str, log: EventLog
    ) -> None:
        shops = [RunningToy(url, log), RunningToy(url, log)]
        for toy in shops:
            await toy.start()
        await asyncio.sleep(0.5)
        rows = await shops[0].rows(
            "SELECT owner FROM es_lease WHERE worker LIKE 'instance:%' ORDER BY owner"
        )
        assert len({row.owner for row in rows}) == 2
        for toy in shops:
            await toy.stop()


async def _crash(workers: Workers) -> None:
    """As `kill -9` would: connections cut, nothing given back."""
    tasks = [*workers._tasks, workers._leases._task, workers._listening._task]
    for task in tasks:
        assert task is not None
        task.cancel()
    await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)
    await asyncio.sleep(0.1)  # The driver's own cancellations.
    for owner in (
        *workers._loops,
        *workers._handlers,
        workers._leases,
        workers._projection_progress,
    ):
        _cut(owner)


def _cut(owner: object) -> None:
    for part in vars(owner).values():
        if isinstance(part, HeldConnection):
            part.drop()
        elif isinstance(part, Progress | Facts):
            _cut(part)
