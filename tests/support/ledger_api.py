"""Runs a ledger to talk to over HTTP: real PostgreSQL, real workers, a manual clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

import httpx
from sqlalchemy import text

from services.ledger.runtime.settings import Settings
from services.ledger.runtime.wiring import service
from shared.platform.database.pools import Database
from shared.platform.hosting.host import Host
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.memory import MemoryLog
from shared.platform.store.postgres import PostgresStore

START: Final = datetime(2026, 1, 5, 1, tzinfo=UTC)  # 9 o'clock in Shanghai
SETTLE_S_MAX: Final = 20.0
LOOK_AGAIN_S: Final = 0.02
Json = dict[str, Any]


@dataclass
class LedgerApi:
    client: httpx.AsyncClient
    host: Host
    database: Database
    tokens: list[str] = field(default_factory=list)  # Of every command; the last are sent along.
    _keys: Any = field(default_factory=lambda: count(1))

    async def post(
        self, path: str, body: object = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Posts a command under a key of its own."""
        own = {"idempotency-key": f"test-{next(self._keys)}", **(headers or {})}
        sent = None if body is None else body
        answer = await self.client.post(f"/v1{path}", json=sent, headers=own)
        if "consistency-token" in answer.headers:
            self.tokens.append(answer.headers["consistency-token"])
        return answer

    async def do(self, path: str, body: object = None) -> Json:
        """Posts a command that is accepted."""
        answer = await self.post(path, body)
        assert answer.status_code in (200, 201), answer.text
        found: Json = answer.json()
        return found

    async def ask(self, path: str, **query: str) -> Json:
        """Asks a query that has passed every command before it."""
        headers = [("consistency-token", token) for token in self.tokens[-8:]]
        answer = await self.client.get(f"/v1{path}", params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def advance(self, to: datetime) -> None:
        answer = await self.client.post("/clock", json={"now": to.isoformat()})
        assert answer.status_code == 200, answer.text
        await self.settle()

    async def settle(self) -> None:
        """Waits until nothing is left to do, twice in a row."""
        seen, until = 0, asyncio.get_running_loop().time() + SETTLE_S_MAX
        while seen < 2:
            assert asyncio.get_running_loop().time() < until, "does not settle"
            clock = (await self.client.get("/clock")).json()
            assert not [*clock["halted"], *clock["parked"]], clock
            seen = seen + 1 if clock["settled"] else 0
            await asyncio.sleep(LOOK_AGAIN_S)

    async def events(self) -> list[tuple[str, str]]:
        """Reads type and effective date of all that is stored, in order."""
        async with self.database.bound([self.host.parts.tenant_id]) as connection:
            rows = await connection.execute(
                text("SELECT type, effective_on FROM es_event ORDER BY position")
            )
            return [(row.type, row.effective_on.isoformat()) for row in rows]

    async def stored(self) -> tuple[int, int, int]:
        """Counts events, keys and private rows."""
        async with self.database.bound([self.host.parts.tenant_id]) as connection:
            row = (
                await connection.execute(
                    text(
                        "SELECT (SELECT count(*) FROM es_event), (SELECT count(*) FROM es_command),"
                        " (SELECT count(*) FROM party)"
                    )
                )
            ).one()
            return row[0], row[1], row[2]


@asynccontextmanager
async def ledger_api(url: str) -> AsyncIterator[LedgerApi]:
    platform = PlatformSettings(clock="manual", clock_start=START)
    database = Database(url)
    host = Host(
        service(Settings()),
        platform,
        database=database,
        store=PostgresStore(database),
        log=MemoryLog(),
    )
    await host.start()
    try:
        transport = httpx.ASGITransport(host.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://ledger") as client:
            yield LedgerApi(client, host, database)
    finally:
        await host.stop()
