from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from shared.platform.http.app import create_app
from shared.platform.http.parts import Parts
from shared.platform.service import Topics
from shared.platform.store.memory import MemoryStore
from shared.platform.store.writer import Writer
from tests.support.toy.wallets import bare_service


class StandingClock:
    """Always the same instant."""

    is_manual = True

    async def now(self) -> datetime:
        return datetime(2026, 1, 31, 16, 30, tzinfo=UTC)


@pytest.fixture
async def parts() -> AsyncIterator[Parts]:
    service = bare_service()
    store = MemoryStore()
    writer = Writer(
        store,
        service.codec(),
        service.topics_of(Topics()),
        private_tables=service.private_tables,
    )
    writer.start()
    yield Parts(
        service=service,
        tenant_id=UUID(int=7),
        clock=StandingClock(),
        writer=writer,
        store=store,
        started=True,
    )
    await writer.close()


@pytest.fixture
async def client(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
        yield client
