"""A lost connection, however it shows itself, is worth another try; a mistake of ours is not."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from shared.platform.database.connections import is_transient
from shared.platform.database.pools import Database
from shared.platform.hosting import preconditions
from shared.platform.http import answers
from shared.platform.manual_clock import ManualClock
from tests.support.lost import LOST, OURS, name_of


async def answered(problem: Exception) -> httpx.Response:
    """What a request is answered that meets it."""
    app = FastAPI()
    answers.install(app)

    @app.get("/")
    async def ask() -> None:
        raise problem

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        return await client.get("/")


class LostAtFirst:
    """A database whose first connection fails; it is its own engine, connection and driver."""

    def __init__(self, problem: Exception) -> None:
        self._problems = [problem]
        self.engine = self.driver_connection = self
        self.asked = 0

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[LostAtFirst]:
        self.asked += 1
        if self._problems:
            raise self._problems.pop()
        yield self

    async def get_raw_connection(self) -> LostAtFirst:
        return self

    async def execute(self, _: str) -> None: ...


@pytest.mark.parametrize("problem", LOST, ids=name_of)
class TestLost:
    def test_is_tried_again_by_a_worker(self, problem: Exception) -> None:
        assert is_transient(problem)

    async def test_is_waited_for_at_the_start(
        self, problem: Exception, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(preconditions, "PAUSE_S", 0)
        database = LostAtFirst(problem)
        await preconditions.await_database("toy", cast(Database, database))
        assert database.asked == 2

    async def test_is_answered_503_with_when_to_try_again(self, problem: Exception) -> None:
        response = await answered(problem)

        assert (response.status_code, "retry-after" in response.headers) == (503, True)


@pytest.mark.parametrize("problem", OURS, ids=name_of)
class TestOurs:
    def test_is_not_tried_again(self, problem: Exception) -> None:
        assert not is_transient(problem)

    async def test_is_a_bug(self, problem: Exception) -> None:
        assert (await answered(problem)).status_code == 500


class TestClockNobodyWaitsFor:
    async def test_fails_without_a_word(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its callers have gone away: their requests ended, or their workers were stopped."""
        unseen: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))
        is_cut = asyncio.Event()

        async def read(*_: object) -> datetime:
            await is_cut.wait()
            raise ConnectionResetError

        monkeypatch.setattr(ManualClock, "_read", read)
        clock = ManualClock(Database("postgresql://nobody@nowhere/nothing"))
        asking = asyncio.create_task(clock.now())
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
        is_cut.set()
        await asyncio.sleep(0.01)
        clock._reading = None
        gc.collect()

        assert unseen == []
