"""What a request is answered whose database connection is lost in the middle."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from shared.platform.database.pools import Database
from shared.platform.hosting.workers import Workers
from shared.platform.http.app import create_app
from shared.platform.http.parts import Parts
from shared.platform.http.queries import QueryContext
from shared.platform.log.memory import MemoryLog
from shared.platform.log.port import TopicSpec
from shared.platform.manual_clock import ManualClock
from shared.platform.service import FOREVER_MS
from shared.platform.signals import Signal
from shared.platform.store.postgres import PostgresStore
from tests.support.fault_proxy import FaultProxy
from tests.support.lost import LOST, OURS, name_of

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)


class LostClock:
    """A manual clock whose database fails in one way."""

    is_manual = True

    def __init__(self, problem: Exception) -> None:
        self._problem = problem

    async def now(self) -> datetime:
        raise self._problem


async def clock_of(parts: Parts, problem: Exception) -> httpx.Response:
    parts.clock = LostClock(problem)
    transport = httpx.ASGITransport(create_app(parts), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
        return await client.get("/clock")


class TestClock:
    @pytest.mark.parametrize("problem", LOST, ids=name_of)
    async def test_that_cannot_be_read_is_unavailable(
        self, parts: Parts, problem: Exception
    ) -> None:
        response = await clock_of(parts, problem)
        assert (response.status_code, response.json()["code"]) == (503, "service-unavailable")
        assert response.headers["retry-after"] == "1"

    @pytest.mark.parametrize("problem", OURS, ids=name_of)
    async def test_with_a_mistake_of_ours_is_a_bug(self, parts: Parts, problem: Exception) -> None:
        assert (await clock_of(parts, problem)).status_code == 500


@pytest.mark.connected
class TestCutInTheMiddle:
    @pytest.fixture
    async def proxy(
        self, make_database: Callable[..., str], platform_template: str
    ) -> AsyncIterator[FaultProxy]:
        with TemporaryDirectory(prefix="cut") as folder:
            async with FaultProxy(make_database(template=platform_template), Path(folder)) as proxy:
                yield proxy

    @pytest.fixture
    async def client(self, parts: Parts, proxy: FaultProxy) -> AsyncIterator[httpx.AsyncClient]:
        """A service whose clock, status and queries go through the proxy."""
        database = parts.database = Database(proxy.url)
        parts.clock = clock = ManualClock(database)
        await clock.start_at(NOW)
        log = MemoryLog()
        await log.create([TopicSpec(parts.topics.events_of(parts.service.name), 1, FOREVER_MS)])
        parts.reporter = Workers(
            parts.service,
            database=database,
            log=log,
            store=PostgresStore(database),
            writer=parts.writer,
            clock=clock,
            topics=parts.topics,
            committed=Signal(),
        )
        app = create_app(parts)

        @app.get("/v1/counted/{id}")
        async def count(id: UUID, query: QueryContext) -> dict[str, int]:
            async with query.of() as connection:
                found = await connection.execute(text("SELECT count(*) FROM es_event"))
                return {"events": found.scalar_one()}

        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
            yield client
        await database.close()

    @pytest.mark.parametrize(
        ("path", "words"),
        [
            ("/clock", b"now FROM domain_clock"),
            ("/clock", b"FROM es_timer"),
            ("/v1/counted/00000000-0000-0000-0000-000000000001", b"now FROM domain_clock"),
            ("/v1/counted/00000000-0000-0000-0000-000000000001", b"FROM es_event"),
        ],
        ids=["the clock", "its status", "the clock of a query", "a query"],
    )
    async def test_is_unavailable_once(
        self, client: httpx.AsyncClient, proxy: FaultProxy, path: str, words: bytes
    ) -> None:
        proxy.cut_at.append(words)

        cut, again = await client.get(path), await client.get(path)

        assert proxy.cut_at == []
        assert (cut.status_code, cut.json()["code"]) == (503, "service-unavailable")
        assert cut.headers["retry-after"] == "1"
        assert again.status_code == 200
