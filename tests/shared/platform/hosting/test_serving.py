"""A toy service on a real database behind a real socket, until a signal comes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.cli.client.clocks import Clocks
from services.cli.client.duebook import Duebook, Refused
from shared.kernel.ids import partition_of
from shared.platform.clock import monotonic_s
from shared.platform.database.pools import Database
from shared.platform.hosting.host import Host
from shared.platform.hosting.serving import joined, serve
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.memory import MemoryLog
from shared.platform.signals import Signal
from shared.platform.store.postgres import PostgresStore
from shared.platform.subscription.progress import until
from tests.support.running import free_port
from tests.support.toy import wallet, wallets
from tests.support.toy.poison import Poison
from tests.support.toy.wallets import bare_service

pytestmark = pytest.mark.connected

WALLET = {
    "legal_entity": "CN01",
    "number": "B-1",
    "account_id": UUID(int=11),
    "content": {"amount": "10.00", "currency": "CNY"},
    "opened_on": "2026-01-31",
}
SOON_S = 10.0
SLOW_S = 2.0
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def host(make_database: Callable[..., str], platform_template: str) -> Host:
    settings = PlatformSettings(port=free_port(), clock="manual", clock_start=START)
    database = Database(make_database(template=platform_template))
    return Host(
        replace(bare_service(), name="ledger"),
        settings,
        database=database,
        store=PostgresStore(database),
        log=MemoryLog(),
        works=True,
    )


@asynccontextmanager
async def served(host: Host, port: int) -> AsyncIterator[tuple[str, asyncio.Task[None]]]:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    app = joined({"ledger": host})
    serving = asyncio.create_task(
        serve(app, [host], host="127.0.0.1", port=port, ready=ready.set_result)
    )
    try:
        async with asyncio.timeout(20):
            yield await ready, serving
    finally:
        if not serving.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await serving


async def until_ready(http: httpx.AsyncClient, url: str) -> None:
    """Leases are taken a moment after the start."""
    until_s = monotonic_s() + 10
    while (answer := (await http.get(f"{url}/health/ready")).json()) != {"status": "ok"}:
        assert monotonic_s() < until_s, answer


class TestReady:
    async def test_says_what_stands_still_and_goes_on_answering(
        self, make_database: Callable[..., str], toy_template: str
    ) -> None:
        database = Database(make_database(template=toy_template))
        host = Host(
            wallets.service(),
            PlatformSettings(port=free_port(), clock="manual", clock_start=START),
            database=database,
            store=PostgresStore(database),
            log=MemoryLog(),
        )
        async with served(host, free_port()) as (url, _), httpx.AsyncClient() as http:
            await until_ready(http, f"{url}/ledger")
            async with database.unbound() as connection:
                await connection.exec_driver_sql(
                    "UPDATE es_cursor SET state = 'halted', error = 'VersionGap: 3 after 1'"
                    " WHERE worker = 'coins' AND partition_no = 3"
                )
            halted = {
                "worker": "coins",
                "topic": "duebook.toy.events.v1",
                "partition": 3,
                "error": "VersionGap: 3 after 1",
            }
            ready = await http.get(f"{url}/ledger/health/ready")
            assert ready.json() == {"status": "halted", "halted": [halted]}
            assert ready.status_code == 200
            clock = (await http.get(f"{url}/ledger/clock")).json()
            assert (clock["settled"], clock["halted"]) == (False, [halted])
            metrics = (await http.get(f"{url}/ledger/metrics")).text
            assert 'halted_partitions{service="toy",worker="coins"} 1.0' in metrics
            assert 'halted_partitions{service="toy",worker="moves"} 0.0' in metrics


class Poisoned(NamedTuple):
    """A service at its address, one of whose streams is parked: that of the wallet P-1."""

    address: str
    http: httpx.AsyncClient
    poison: Poison
    one: dict[str, Any]  # As GET /parked shows it.

    async def get(self, path: str, **headers: str) -> Any:
        return (await self.http.get(f"{self.address}{path}", headers=headers)).json()

    async def retry(self, stream: object) -> httpx.Response:
        return await self.http.post(f"{self.address}/parked/{stream}:retry")


@pytest.fixture
async def poisoned(
    make_database: Callable[..., str], platform_template: str
) -> AsyncIterator[Poisoned]:
    database = Database(make_database(wallets.STATEMENTS, template=platform_template))
    poison = Poison(5)
    host = Host(
        poison.service(),
        PlatformSettings(port=free_port(), clock="manual", clock_start=START),
        database=database,
        store=PostgresStore(database),
        log=MemoryLog(),
    )
    async with served(host, free_port()) as (url, _), httpx.AsyncClient() as http:
        address = f"{url}/ledger"
        await until_ready(http, address)
        assert (await http.get(f"{address}/parked")).json() == {"items": []}
        for work in (wallets.fill("P-1", 100, 1), wallet.spend("P-1", 5)):
            await host.writer.submit(work, wallet.caller())
        (one,) = await parked(http, address, count=1)
        yield Poisoned(address, http, poison, one)


async def parked(http: httpx.AsyncClient, address: str, *, count: int) -> list[Any]:
    """What is parked, when it is so many streams."""
    until_s = monotonic_s() + SOON_S
    while len(items := (await http.get(f"{address}/parked")).json()["items"]) != count:
        assert monotonic_s() < until_s, items
        await asyncio.sleep(0.02)
    return list(items)


class TestParked:
    async def test_is_said_wherever_somebody_asks(self, poisoned: Poisoned) -> None:
        one = poisoned.one
        assert one == {
            "worker": "reactions",
            "topic": "duebook.toy.events.v1",
            "partition": partition_of(wallets.account(1)),
            "stream_id": str(wallet.stream("P-1").id),
            "first_offset": 2,
            "error": "ZeroDivisionError: 5 coins",
            "parked_at": one["parked_at"],
            "retry_wanted": False,
        }
        ready = await poisoned.http.get(f"{poisoned.address}/health/ready")
        assert (ready.status_code, ready.json()) == (200, {"status": "parked", "parked": [one]})
        clock = await poisoned.get("/clock", prefer="wait=5")
        assert (clock["settled"], clock["halted"], clock["parked"]) == (True, [], [one])
        metrics = (await poisoned.http.get(f"{poisoned.address}/metrics")).text
        assert 'parked_streams{service="toy",worker="reactions"} 1.0' in metrics
        assert 'parked_streams{service="toy",worker="coins"} 0.0' in metrics
        assert await poisoned.get(f"/parked/{one['stream_id']}") == {"items": [one]}
        assert await poisoned.get(f"/parked/{UUID(int=1)}") == {"items": []}

    async def test_is_retried_on_demand(self, poisoned: Poisoned) -> None:
        poisoned.poison.coins.clear()
        stream = poisoned.one["stream_id"]
        asked = await poisoned.retry(stream)
        assert asked.json() == {"items": [{**poisoned.one, "retry_wanted": True}]}
        assert await parked(poisoned.http, poisoned.address, count=0) == []
        assert await poisoned.get("/health/ready") == {"status": "ok"}
        assert (await poisoned.retry(stream)).json() == {"items": []}  # As it is wanted already.

    async def test_is_left_alone_by_a_retry_of_something_else(self, poisoned: Poisoned) -> None:
        assert (await poisoned.retry(UUID(int=1))).json() == {"items": []}
        assert (await poisoned.retry("P-1")).status_code in (400, 404, 422)
        assert (await poisoned.get("/parked"))["items"] == [poisoned.one]


class TestServe:
    async def test_answers_under_the_name_of_the_service(self, host: Host) -> None:
        async with served(host, free_port()) as (url, _), httpx.AsyncClient() as http:
            home = (await http.get(url)).json()
            assert home["services"]["ledger"]["api"] == f"{url}/ledger/v1"
            await until_ready(http, f"{url}/ledger")
            assert (await http.get(f"{url}/nobody/v1")).json()["code"] == "not-found"
            assert (await http.get(f"{url}/ledger/docs")).text.count("/ledger/openapi.json") == 1

    async def test_does_a_command_once(self, host: Host) -> None:
        async with served(host, free_port()) as (url, _), Duebook(url) as duebook:
            first = await duebook.command("ledger", "wallets", WALLET, key="k")
            again = await duebook.command("ledger", "wallets", WALLET, key="k")
            assert (first.version, first.replayed) == (1, False)
            assert (again.body, again.replayed) == (first.body, True)

    async def test_moves_a_manual_clock_forward_only(self, host: Host) -> None:
        async with served(host, free_port()) as (url, _), Duebook(url) as duebook:
            later = {"now": "2026-01-02T00:00:00Z"}
            with pytest.raises(Refused, match="clock-moves-backward"):
                await duebook.operation("ledger", "POST", "/clock", {"now": "2025-12-31T00:00:00Z"})
            answers = await asyncio.gather(
                *(duebook.operation("ledger", "POST", "/clock", later) for _ in range(3)),
                return_exceptions=True,
            )
            assert not [one for one in answers if isinstance(one, BaseException)]

    async def test_settles_and_tells_when(self, host: Host) -> None:
        async with served(host, free_port()) as (url, _), Duebook(url) as duebook:
            await duebook.command("ledger", "wallets", WALLET, key="k")
            stops: list[datetime] = []
            clocks = Clocks(duebook, ["ledger"])
            await clocks.advance(START + timedelta(days=400), stops.append)
            assert stops == [START + timedelta(days=400)]
            (reading,) = await clocks.read()
            assert (reading.now, reading.is_settled) == (stops[0], True)
            assert sum(reading.end_offsets["duebook.ledger.events.v1"]) == 1

    async def test_answers_what_it_has_taken_though_the_database_is_slow(self, host: Host) -> None:
        """And takes nothing new meanwhile."""

        async def taken() -> bool:
            return host.writer.in_flight > 0

        assert host.parts.database is not None
        async with served(host, free_port()) as (url, serving), httpx.AsyncClient() as http:
            blocker = await asyncpg.connect(host.parts.database.url)
            await blocker.execute("BEGIN; LOCK TABLE es_stream IN SHARE MODE")
            async with Duebook(url) as duebook:
                waiting = asyncio.create_task(duebook.command("ledger", "wallets", WALLET, key="k"))
                assert await until(taken, Signal(), timeout_s=SOON_S, poll_s=0.01)
                os.kill(os.getpid(), signal.SIGTERM)
                await asyncio.sleep(SLOW_S)
                assert not waiting.done()
                with pytest.raises(httpx.ConnectError):
                    await http.get(f"{url}/ledger/health/ready")
                await blocker.execute("COMMIT")
                answer = await waiting
            await serving
            stored = await blocker.fetchval("SELECT count(*) FROM es_event")
            await blocker.close()
        assert (answer.status, answer.replayed, stored) == (201, False, 1)

    async def test_ends_soon_after_a_signal_with_clients_connected(self, host: Host) -> None:
        async with served(host, free_port()) as (url, serving), httpx.AsyncClient() as http:
            await http.get(f"{url}/ledger/health/ready")
            started_s = monotonic_s()
            os.kill(os.getpid(), signal.SIGTERM)
            await serving
            assert monotonic_s() - started_s < 3
            with pytest.raises(httpx.TransportError):
                await http.get(f"{url}/ledger/health/ready")
