"""Runs dunning alone: API and workers on a real PostgreSQL; a test says what others publish."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx

from services.dunning.contract import inbox
from services.dunning.runtime.settings import Settings
from services.dunning.runtime.wiring import service
from shared.kernel.ids import derived, partition_of
from shared.platform.codec import to_json
from shared.platform.database.pools import Database
from shared.platform.hosting.host import Host
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.envelope import StoredEvent, record_of
from shared.platform.log.memory import MemoryLog
from shared.platform.service import Topics
from shared.platform.store.postgres import PostgresStore
from tests.support.dunning import ACCOUNT, TENANT

NAMES: Final = {kind: name for name, kind in inbox.SUBSCRIBES_TO.items()}
SETTLED_S_MAX: Final = 60.0
Json = dict[str, Any]


class FakeLedger:
    """Answers who owes and to whom, or is away. What an answer of an account lacks is as usual."""

    def __init__(self) -> None:
        self.is_away = False
        self.accounts: dict[UUID, Json] = {}

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url="http://ledger", transport=httpx.MockTransport(self._answer)
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_away:
            raise httpx.ConnectError("away")
        if "legal-entities" in request.url.path:
            return httpx.Response(200, json={"code": "CN01", "name": "上海示例集团有限公司"})
        usual = {
            "number": "C-1001",
            "name": "示例公司",
            "contact_person": {"name": "王芳", "email": "wang.fang@example.com"},
            "postal_address": "上海市浦东新区世纪大道2号\n200120",
        }
        account_id = UUID(request.url.path.rpartition("/")[2])
        return httpx.Response(200, json={**usual, **self.accounts.get(account_id, {})})


class RunningDunning:
    def __init__(self, database: Database, folder: Path, start: datetime) -> None:
        self._platform = PlatformSettings(
            tenant_id=TENANT, clock="manual", clock_start=start, lease_ttl_s=3, instance="test"
        )
        self.ledger = FakeLedger()
        self.mail = folder
        self.log = MemoryLog()
        self._versions: dict[UUID, int] = {}
        self._host_on(database, works=True)

    def _host_on(self, database: Database, *, works: bool) -> None:
        settings = Settings(mail_folder=self.mail, ledger_url="http://ledger")
        self.database = database
        self.host = Host(
            service(settings, self.ledger.client()),
            self._platform,
            database=database,
            store=PostgresStore(database),
            log=self.log,
            closes_log=False,
            works=works,
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.host.app), base_url="http://dunning"
        )

    async def work(self, *, is_there: bool) -> None:
        """Stops it, and starts it again with workers or without."""
        await self.http.aclose()
        await self.host.stop()
        self._host_on(Database(self.database.url), works=is_there)
        await self.host.start()

    async def hear(
        self,
        event: Any,
        on: date,
        recorded_at: datetime,
        *,
        stream: UUID,
        account_id: UUID = ACCOUNT,
    ) -> UUID:
        """Publishes what another service says; gives its event's id."""
        name = NAMES[type(event)]
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        stored = StoredEvent(
            id=derived(stream, "event", version),
            type=name,
            stream_id=stream,
            version=version,
            tenant_id=TENANT,
            account_id=account_id,
            effective_on=on,
            recorded_at=recorded_at,
            data=to_json(event),
            headers={"entityid": "CN01"},
        )
        said_by = name.partition(".")[0]
        topic = Topics().events_of(said_by)
        await self.log.append(topic, partition_of(account_id), [record_of(stored, said_by)])
        return stored.id

    async def move(self, to: datetime) -> None:
        """Moves the clock, and waits for all that follows."""
        response = await self.http.post("/clock", json={"now": to.isoformat()})
        assert response.status_code == 200, response.text
        await self.settled()

    async def settled(self, patience_s: float = SETTLED_S_MAX) -> None:
        """Waits until nothing is left to do, twice in a row."""
        before: object = None
        deadline = asyncio.get_running_loop().time() + patience_s
        while asyncio.get_running_loop().time() < deadline:
            status = await self.host.workers.status()
            assert not status.halted, status.halted
            assert not status.parked, status.parked
            if status.is_settled and status.end_offsets == before:
                return
            before = status.end_offsets if status.is_settled else None
            await asyncio.sleep(0.02)
        raise AssertionError(f"not settled: {status}")

    async def happens(self, what: Callable[[], bool]) -> None:
        deadline = asyncio.get_running_loop().time() + SETTLED_S_MAX
        while not what():
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.02)

    async def get(self, path: str, **query: Any) -> Json:
        response = await self.http.get(path, params=query)
        assert response.status_code == 200, response.text
        body: Json = response.json()
        return body

    async def items(self, path: str, **query: Any) -> Sequence[Json]:
        """Reads all pages of a list."""
        items: list[Json] = []
        cursor: str | None = None
        while True:  # Ends with the last page.
            page = await self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items

    async def items_until_empty(self, path: str) -> Sequence[Json]:
        """A feed that always has a next page, up to the one without items."""
        items: list[Json] = []
        query: dict[str, str] = {}
        while (page := await self.get(path, **query))["items"]:  # Ends where the feed does.
            items += page["items"]
            query = {"cursor": page["next"]}
        return items

    async def post(self, path: str, body: Json, key: str, **headers: str) -> httpx.Response:
        return await self.http.post(path, json=body, headers={"idempotency-key": key, **headers})
