"""Runs the toy service in this process, on a database and a log of the test."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from shared.kernel.decider import Accepted, AnyWork, Caller
from shared.platform.clock import monotonic_s
from shared.platform.database.pools import Database
from shared.platform.hosting.workers import Workers
from shared.platform.log.port import EventLog
from shared.platform.service import Service, Topics
from shared.platform.signals import Signal
from shared.platform.store.postgres import PostgresStore
from shared.platform.store.snapshots import TAIL_EVENTS_MIN
from shared.platform.store.writer import Writer
from tests.support.toy import wallet
from tests.support.toy.wallets import service

SETTLE_S_MAX: Final = 60.0


class SetClock:
    """A domain clock that a test moves."""

    is_manual = True

    def __init__(self, now: datetime) -> None:
        self._now = now

    async def now(self) -> datetime:
        return self._now

    def move(self, to: datetime) -> None:
        self._now = to


class RunningToy:
    """Runs the service in this process."""

    def __init__(
        self,
        database_url: str,
        log: EventLog,
        *,
        instance: str | None = None,
        lease_ttl_s: float = 3.0,
        described: Service | None = None,
        topics: Topics | None = None,
        tail_events_min: int = TAIL_EVENTS_MIN,
    ) -> None:
        self.service = described or service()
        self.topics = topics or Topics()
        self.log = log
        self.database = Database(database_url)
        self.store = PostgresStore(self.database)
        self.clock = SetClock(wallet.NOW)
        self.committed = Signal()
        self.writer = Writer(
            self.store,
            self.service.codec(),
            self.service.topics_of(self.topics),
            self.committed.notify,
            aggregates=self.service.aggregates,
            tail_events_min=tail_events_min,
        )
        self.workers = Workers(
            self.service,
            database=self.database,
            log=log,
            store=self.store,
            writer=self.writer,
            clock=self.clock,
            topics=self.topics,
            committed=self.committed,
            instance=instance,
            lease_ttl_s=lease_ttl_s,
        )

    async def start(self, *, at_work: bool = True) -> None:
        await self.log.create(self.service.specs(self.topics))
        self.writer.start()
        if at_work:
            await self.workers.start()

    async def stop(self) -> None:
        await self.workers.stop()
        await self.writer.close()
        await self.store.close()
        await self.database.close()

    async def do(self, *works: AnyWork, caller: Caller | None = None) -> list[Accepted]:
        by = caller or wallet.caller()
        return await asyncio.gather(*(self.writer.submit(work, by) for work in works))

    async def settle(self, timeout_s: float = SETTLE_S_MAX) -> None:
        """Waits until nothing is left to do, twice with the same ends."""
        end_s, before = monotonic_s() + timeout_s, None
        while True:
            status = await self.workers.status()
            if status.is_settled and status.end_offsets == before:
                return
            before = status.end_offsets if status.is_settled else None
            if monotonic_s() > end_s:
                raise TimeoutError(str(status))
            await asyncio.sleep(0.01)

    async def rows(self, statement: str) -> list[Any]:
        async with self.database.bound([wallet.TENANT, wallet.OTHER_TENANT]) as connection:
            return list((await connection.execute(sa.text(statement))).all())
