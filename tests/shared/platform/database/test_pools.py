"""A database that was away is used again at once, however it was asked before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from shared.platform.database.connections import driver_problem, is_transient
from shared.platform.database.pools import Database
from shared.platform.manual_clock import ManualClock
from shared.platform.store.postgres import PostgresStore
from tests.support import purse

pytestmark = pytest.mark.connected

END_ALL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()"""
T = TypeVar("T")
TRIES = 10
PAUSE_S = 0.02
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def end_all(url: str) -> None:
    """As a restart of the server does: idle connections are ended from its side."""
    connection = await asyncpg.connect(url)
    await connection.execute(END_ALL)
    while await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ):
        pass
    await connection.close()


async def soon(ask: Callable[[], Awaitable[T]]) -> T:
    """As a caller does: what is lost is tried again, anything else is a failure.

    The client may learn of the end a moment after the server has forgotten the connection.
    """
    for _ in range(TRIES):
        try:
            return await ask()
        except Exception as problem:
            if not is_transient(problem):
                raise
            await asyncio.sleep(PAUSE_S)
    return await ask()


class TestPool:
    async def test_gives_out_no_connection_that_the_server_has_ended(
        self, make_database: Callable[..., str], platform_template: str
    ) -> None:
        url = make_database(template=platform_template)
        database = Database(url)
        clock, store = ManualClock(database), PostgresStore(database)
        await clock.start_at(NOW)
        assert await clock.now() == NOW

        await end_all(url)

        for _ in range(2):  # Through the driver, and through SQLAlchemy.
            assert await soon(lambda: clock._read(0.0)) == NOW
            known = await soon(lambda: store.known_events(purse.TENANT, [purse.ACCOUNT]))
            assert known == frozenset()
        await database.close()


class TestIsTransient:
    async def test_a_connection_cut_in_a_query_is_worth_another_attempt(
        self, platform_database: Database
    ) -> None:
        async with platform_database.engine.connect() as connection:
            pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            await end_all(platform_database.url)
            with pytest.raises(DBAPIError) as caught:
                await connection.execute(text("SELECT :pid"), {"pid": str(pid)})
        assert is_transient(caught.value)

    async def test_a_wrong_statement_is_not(self, platform_database: Database) -> None:
        async with platform_database.engine.connect() as connection:
            with pytest.raises(ProgrammingError) as caught:
                await connection.execute(text("SELECT nothing FROM nowhere"))
        assert isinstance(driver_problem(caught.value), asyncpg.UndefinedTableError)
        assert not is_transient(caught.value)
