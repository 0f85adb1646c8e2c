"""Runs a whole credit service in this process: database, workers, routes, a log in memory.

The ledger is played by the test.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import httpx
import sqlalchemy as sa

from services.credit.runtime.settings import Settings
from services.credit.runtime.wiring import service
from shared.kernel.days import start_of_day
from shared.kernel.envelope import Recorded
from shared.kernel.ids import partition_of
from shared.platform.clock import monotonic_s
from shared.platform.codec import to_json
from shared.platform.database.pools import Database
from shared.platform.hosting.host import Host
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.http.tokens import Token
from shared.platform.log.envelope import StoredEvent, record_of
from shared.platform.log.memory import MemoryLog
from shared.platform.manual_clock import ManualClock
from shared.platform.service import Topics
from shared.platform.store.postgres import PostgresStore
from tests.support.credit_book import TENANT, ZONE

SETTLE_S_MAX: Final = 60.0
TOPICS: Final = Topics()


@dataclass
class CreditWorld:
    host: Host
    database: Database
    log: MemoryLog
    client: httpx.AsyncClient

    async def hear(self, events: Sequence[Recorded[Any]]) -> str:
        """Publishes what the ledger says; gives the consistency token of its last event."""
        for recorded in events:
            stored = StoredEvent(
                id=recorded.id,
                type=recorded.type,
                stream_id=recorded.stream_id,
                version=recorded.version,
                tenant_id=recorded.tenant_id,
                account_id=recorded.account_id,
                effective_on=recorded.effective_on,
                recorded_at=recorded.recorded_at,
                data=to_json(recorded.event),
                headers={"entityid": recorded.legal_entity},
            )
            await self.log.append(
                TOPICS.events_of("ledger"),
                partition_of(recorded.account_id),
                [record_of(stored, "ledger")],
            )
        return Token("ledger", {events[-1].stream_id: events[-1].version}).encode()

    async def advance(self, day: date) -> None:
        """Advances to the first instant of the day in the entity's zone; returns when settled."""
        await ManualClock(self.database).advance(start_of_day(day, ZONE))
        self.host.workers.wake()
        await self.settle()

    async def settle(self) -> None:
        deadline, quiet = monotonic_s() + SETTLE_S_MAX, 0
        while quiet < 2:
            status = await self.host.workers.status()
            assert not status.halted, status.halted
            assert not status.parked, status.parked
            assert monotonic_s() < deadline, status
            busy = status.timers_due or status.outbox or status.in_flight or status.lag
            quiet = 0 if busy else quiet + 1
            await asyncio.sleep(0.02)

    async def get(self, path: str, **headers: str) -> Any:
        """Gets the body of an answer that must be 200."""
        answer = await self.client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def set_limit(
        self, account: UUID, body: object, key: str = "k-1", **headers: str
    ) -> httpx.Response:
        return await self.client.post(
            f"/v1/credit-lines/{account}:set-limit",
            json=body,
            headers={"idempotency-key": key, **headers},
        )

    async def event_types(self) -> list[str]:
        """Lists the types of all events stored, oldest first."""
        async with self.database.bound([TENANT]) as connection:
            found = await connection.execute(sa.text("SELECT type FROM es_event ORDER BY position"))
            return list(found.scalars())


@asynccontextmanager
async def credit_world(url: str, clock_start: datetime) -> AsyncIterator[CreditWorld]:
    database, log = Database(url), MemoryLog()
    settings = PlatformSettings(
        tenant_id=TENANT, clock="manual", clock_start=clock_start, lease_ttl_s=3.0
    )
    host = Host(
        service(Settings()), settings, database=database, store=PostgresStore(database), log=log
    )
    await host.start()
    transport = httpx.ASGITransport(host.app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://credit") as client:
            yield CreditWorld(host, database, log, client)
    finally:
        await host.stop()
