"""A worker whose connection is cut in the middle does its work again, and halts nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import structlog

from shared.platform.log.port import EventLog
from tests.support.fault_proxy import FaultProxy
from tests.support.toy import wallet, wallets
from tests.support.toy.running import RunningToy

pytestmark = pytest.mark.connected

CUT_S_MAX = 10.0

# Words of statements that nobody else asks, not even this test.
STATEMENTS = {
    "the relay's": b"AS horizon",
    "a projection's": b"INTO proj_stream",
    "a projection's rows": b'INTO "coins"',
    "a reaction's question": b"SELECT coins.coins",
    "the timers'": b"since_version, tenant_id FROM es_timer",
    "the leases'": b"INTO es_lease (worker, partition_no, owner, lease_until)",
}


@pytest.fixture
async def proxy(url: str) -> AsyncIterator[FaultProxy]:
    with TemporaryDirectory(prefix="cut") as folder:
        async with FaultProxy(url, Path(folder)) as running:
            yield running


@pytest.mark.parametrize("words", STATEMENTS.values(), ids=STATEMENTS)
async def test_a_worker_takes_a_cut_for_a_lost_connection(
    proxy: FaultProxy, log: EventLog, words: bytes
) -> None:
    toy = RunningToy(proxy.url, log)
    await log.create(toy.service.specs(toy.topics))
    proxy.cut_at.append(words)
    with structlog.testing.capture_logs() as lines:
        await toy.start()
        await toy.do(wallets.fill("P-1", 10))
        await toy.do(wallet.spend("P-1", 4))
        async with asyncio.timeout(CUT_S_MAX):
            await proxy.has_cut.wait()
        await toy.settle()
        rows = await toy.rows("SELECT sum(coins), count(*) FROM coins")
        await toy.stop()

    assert tuple(rows[0]) == (10, 2)  # Six in the wallet, four in its safe.
    assert [line for line in lines if line["log_level"] == "error"] == []
