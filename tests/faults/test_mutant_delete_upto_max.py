"""Mutant: the relay deletes up to the last position. A late committer before it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.kernel.ids import PARTITIONS, partition_of
from shared.platform.database.pools import Database
from shared.platform.leases.leases import Leases, Worker
from shared.platform.log.memory import MemoryLog
from shared.platform.log.port import LogRecord, NewRecord, TopicPartition, TopicSpec
from shared.platform.outbox import relay
from shared.platform.outbox.relay import Relay
from shared.platform.signals import Signal
from shared.platform.store.postgres import PostgresStore, PostgresTransaction
from shared.platform.store.writer import Writer
from tests.support.toy import wallet
from tests.support.toy.one_wallet import LEASE_S, until

pytestmark = [pytest.mark.faults, pytest.mark.connected]


class Gated(PostgresTransaction):
    """Stands before its COMMIT, with everything written, until it may go on."""

    reached: asyncio.Event
    may_go: asyncio.Event

    async def _commit(self, xid: str) -> None:
        self.reached.set()
        await self.may_go.wait()
        await super()._commit(xid)


class GatedStore(PostgresStore):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.reached, self.may_go = asyncio.Event(), asyncio.Event()

    async def transaction(self) -> Gated:
        plain = await super().transaction()
        gated = Gated(plain._database, plain._connection, plain._notifier)
        gated.reached, gated.may_go = self.reached, self.may_go
        return gated


class GatedLog(MemoryLog):
    """Lets something happen between a relay's poll and its deletion."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Any = None

    async def append(self, topic: str, partition: int, records: Sequence[NewRecord]) -> int:
        if self.meanwhile is not None:
            happening, self.meanwhile = self.meanwhile, None
            await happening()
        return await super().append(topic, partition, records)


async def late_committer(database: Database) -> list[LogRecord]:
    """A drew the first position and commits while the relay publishes B. What gets on the log."""
    log = GatedLog()
    await log.create([TopicSpec(name, PARTITIONS, -1) for name in ("events", "public")])
    slow_store, fast_store = GatedStore(database), PostgresStore(database)
    async with writing(slow_store) as slow, writing(fast_store) as fast:
        late = slow.enqueue(wallet.open_wallet("late", 1), wallet.caller())
        await slow_store.reached.wait()
        await fast.submit(wallet.open_wallet("early", 1), wallet.caller())

        async def commit_late() -> None:
            slow_store.may_go.set()
            await late

        log.meanwhile = commit_late
        await publish_all(database, log)
        assert late.done()
    return log.records_of(TopicPartition("events", partition_of(wallet.ACCOUNT)))


@asynccontextmanager
async def writing(store: PostgresStore) -> AsyncIterator[Writer]:
    writer = Writer(store, wallet.CODEC, wallet.topics_of)
    writer.start()
    yield writer
    await writer.close()
    await store.close()


async def publish_all(database: Database, log: MemoryLog) -> None:
    """Until the outbox is empty."""
    leases = Leases(
        database, "test", [Worker(relay.WORKER, ())], partitions=PARTITIONS, instance="r",
        ttl_s=LEASE_S,
    )  # fmt: skip
    publisher = Relay(
        "test", database=database, log=log, leases=leases, committed=Signal(), published=Signal()
    )
    leases.start()
    running = asyncio.create_task(publisher.run())
    connection = await database.own_connection("test")

    async def is_empty() -> bool:
        return not await connection.fetchval("SELECT count(*) FROM es_outbox")

    await until(is_empty)
    await connection.close()
    publisher.stop()
    await running
    await leases.stop()


class TestDeletionByTheRelay:
    async def test_of_exactly_the_published_rows_keeps_a_late_committer(
        self, platform_database: Database
    ) -> None:
        assert len(await late_committer(platform_database)) == 4

    async def test_is_missed_in_the_mutant_delete_upto_max_which_loses_it(
        self, platform_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exact, upto = "o.position = d.position", "o.position <= d.position"
        assert exact in relay.SETTLE
        monkeypatch.setattr(relay, "SETTLE", relay.SETTLE.replace(exact, upto))
        assert len(await late_committer(platform_database)) == 2
