"""Killed at every step of the pipeline, and right all the same after the next start."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

import pytest

from shared.platform.hosting.verify import verify
from shared.platform.log.envelope import envelope_of
from shared.platform.log.port import TopicPartition
from shared.platform.observability import failpoints
from shared.platform.service import Topics
from tests.support.brokers import Brokers
from tests.support.log_cases import read_all
from tests.support.toy import process, wallet, wallets
from tests.support.toy.running import RunningToy

pytestmark = [pytest.mark.connected, pytest.mark.faults]

ROOT: Final = Path(__file__).parents[2]
RUN_S_MAX: Final = 60.0
PARTS: Final = frozenset(("writer", "log", "relay", "projector", "reactor", "effect", "timers"))
POINTS: Final = (
    *sorted(name for name in failpoints.NAMES if name.partition(".")[0] in PARTS),
    "projector.before_commit:5",
    "reactor.after_submit:4",
    "relay.after_append:7",
    "writer.after_commit:40",
    "log.after_send:5",
)
# Where the log has a part in it; the others are the same on any log.
ON_KAFKA: Final = (
    "relay.after_poll",
    "relay.before_append",
    "log.after_send",
    "log.after_send:5",
    "relay.after_append",
    "projector.after_fetch",
    "reactor.before_submit:2",
)


class Ended(NamedTuple):
    status: int
    said: str  # On stderr.


async def run_toy(database_url: str, log: str, prefix: str, failpoint: str) -> Ended:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.toy.process", database_url, log, prefix),
        cwd=ROOT,
        env={**os.environ, failpoints.VARIABLE: failpoint},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(RUN_S_MAX):
        _, said = await process.communicate()
    return Ended(process.returncode or 0, said.decode())


async def die_and_live(database_url: str, log_place: str, prefix: str, point: str) -> None:
    """Killed at the point, and right all the same after another run."""
    died = await run_toy(database_url, log_place, prefix, point)
    assert died.status == failpoints.KILLED, died.said
    assert died.said.splitlines()[-1] == failpoints.said_at(point.partition(":")[0])
    lived = await run_toy(database_url, log_place, prefix, "")
    assert lived.status == 0, lived.said
    log = process.log_at(log_place)
    toy = RunningToy(database_url, log, described=process.DESCRIBED, topics=Topics(prefix))
    try:
        await check(toy)
    finally:
        await toy.store.close()
        await toy.database.close()
        await log.close()


class TestKilledWorkers:
    @pytest.mark.parametrize("point", POINTS)
    async def test_lose_nothing_and_do_nothing_twice(
        self, make_database: Callable[..., str], toy_template: str, point: str
    ) -> None:
        url = make_database(template=toy_template)
        await die_and_live(url, make_database(), "", point)

    @pytest.mark.parametrize("point", ON_KAFKA)
    async def test_lose_nothing_and_do_nothing_twice_on_kafka(
        self,
        make_database: Callable[..., str],
        toy_template: str,
        one_broker: Brokers,
        point: str,
    ) -> None:
        url = make_database(template=toy_template)
        await die_and_live(url, one_broker.bootstrap, f"toy.{uuid4().hex[:12]}.", point)


async def check(toy: RunningToy) -> None:
    status = await toy.workers.status()
    assert (status.outbox, status.lag, status.halted, status.parked) == (0, 0, [], ())
    found = await verify(
        toy.service,
        database=toy.database,
        log=toy.log,
        topics=toy.topics,
        tenants=[wallet.TENANT],
    )
    assert found == []
    kinds = await toy.rows("SELECT stream_type, count(*) AS n FROM es_stream GROUP BY 1")
    assert {row.stream_type: row.n for row in kinds} == {
        "wallet": process.WALLETS,
        "safe": process.WALLETS,
    }
    total = await toy.rows("SELECT sum(coins) AS coins, sum(changes) AS changes FROM coins")
    assert total[0].coins == process.WALLETS * 10
    assert total[0].changes == process.WALLETS * 6  # 4 of the wallet, 2 of its safe.
    await check_log(toy)


async def check_log(toy: RunningToy) -> None:
    """Every stored event is there; within its stream it comes after the one before, at first."""
    stored = await toy.rows("SELECT stream_id, version FROM es_event")
    seen: dict[object, int] = {}
    reader = toy.log.reader("check")
    topic = toy.topics.events_of(wallets.NAME)
    ends = await toy.log.end_offsets(topic)
    wanted = {TopicPartition(topic, number): end for number, end in enumerate(ends)}
    for at, records in (await read_all(reader, wanted)).items():
        for record in records:
            envelope = envelope_of(at, record)
            last = seen.get(envelope.stream_id, 0)
            assert envelope.version <= last + 1
            seen[envelope.stream_id] = max(envelope.version, last)
    await reader.close()
    assert len(stored) == sum(seen.values()) == process.WALLETS * 6
