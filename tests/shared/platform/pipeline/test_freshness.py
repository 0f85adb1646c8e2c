"""How fresh read models are, as their own database tells any process."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest
from prometheus_client import REGISTRY

from shared.platform.clock import monotonic_s
from shared.platform.database.pools import Database
from shared.platform.leases.freshness import Ages, read_ages
from shared.platform.log.port import EventLog
from tests.support.toy import wallets
from tests.support.toy.running import RunningToy

pytestmark = pytest.mark.connected
TTL_S: Final = 0.6  # Renewed every third of it.
SOON_S: Final = 10.0


async def age_of(database: Database, worker: str, *, above_s: float = -1.0) -> float:
    """As soon as it is known, and above."""
    until_s = monotonic_s() + SOON_S
    while monotonic_s() < until_s:
        age_s = (await read_ages(database)).get(worker)
        if age_s is not None and age_s > above_s:
            return age_s
        await asyncio.sleep(0.05)
    raise AssertionError(f"{worker} never told: {age_s}")


class TestAge:
    async def test_is_small_while_workers_stand_at_the_end(self, url: str, log: EventLog) -> None:
        toy = RunningToy(url, log, lease_ttl_s=TTL_S)
        await toy.start()
        await toy.do(wallets.fill("P-1", 10))
        await toy.settle()
        assert await age_of(toy.database, "coins") < 2
        await age_of(toy.database, "moves")  # Its worker may look later than the other's.
        assert await Ages(toy.database).of(["coins", "moves"]) is not None
        await toy.stop()

    async def test_grows_when_nobody_works(self, url: str, log: EventLog) -> None:
        toy = RunningToy(url, log, lease_ttl_s=TTL_S)
        await toy.start()
        await toy.do(wallets.fill("P-1", 10))
        await toy.settle()
        await age_of(toy.database, "coins")
        await toy.workers.stop()
        before_s = await age_of(toy.database, "coins")
        assert await age_of(toy.database, "coins", above_s=before_s + 0.5) > before_s
        await toy.stop()

    async def test_grows_while_a_worker_renews_its_leases_and_is_behind(
        self, url: str, log: EventLog
    ) -> None:
        toy = RunningToy(url, log, lease_ttl_s=TTL_S)
        await toy.start()
        await toy.do(wallets.fill("P-1", 10))
        await toy.settle()
        await age_of(toy.database, "coins")
        toy.workers._leases.freshness = dict  # It stands at no end any more, and says nothing.
        before_s = await age_of(toy.database, "coins")
        assert await age_of(toy.database, "coins", above_s=before_s + 2 * TTL_S) > before_s
        await toy.stop()

    async def test_is_not_promised_before_a_worker_was_there(self, url: str, log: EventLog) -> None:
        toy = RunningToy(url, log, lease_ttl_s=TTL_S)
        assert await Ages(toy.database).of(["coins"]) is None
        assert await Ages(toy.database).of([]) == pytest.approx(0, abs=1)
        await toy.store.close()
        await toy.database.close()


class TestMeasure:
    async def test_tells_owners_lag_and_outbox(self, url: str, log: EventLog) -> None:
        toy = RunningToy(url, log, instance="one", lease_ttl_s=TTL_S)
        await toy.start()
        await toy.do(wallets.fill("P-1", 10))
        await toy.settle()
        await age_of(toy.database, "coins")
        await toy.workers.measure()
        assert sample("lease_owner_partitions", worker="coins", owner="one") == 12
        assert sample("worker_lag_records", worker="coins") == 0
        assert sample("outbox_rows") == 0
        assert sample("outbox_oldest_seconds") == 0
        assert sample("worker_age_seconds", worker="coins") < 2
        await toy.workers.stop()
        await toy.workers.measure()
        assert sample("lease_owner_partitions", worker="coins", owner="one") is None
        await toy.stop()

    async def test_tells_how_long_an_event_waits_for_the_log(self, url: str, log: EventLog) -> None:
        toy = RunningToy(url, log, lease_ttl_s=TTL_S)
        await log.create(toy.service.specs(toy.topics))
        toy.writer.start()
        await toy.do(wallets.fill("P-1", 10))
        await asyncio.sleep(0.1)
        await toy.workers.measure()
        assert sample("outbox_rows") == 2
        assert 0.1 <= sample("outbox_oldest_seconds") < SOON_S
        await toy.writer.close()
        await toy.store.close()
        await toy.database.close()


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"duebook_{name}", {"service": wallets.NAME, **labels})  # type: ignore[return-value] # None where a test asks for it
