"""A database that was away is used again at once, however it was asked before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from shared.platform.database.connections import driver_problem, is_transient
from shared.platform.database.pools import Database
from shared.platform.manual_clock import ManualClock
from shared.platform.store.postgres import PostgresStore
from tests.support.fault_proxy import FaultProxy
from tests.support.toy import wallet

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
            known = await soon(lambda: store.known_events(wallet.TENANT, [wallet.ACCOUNT]))
            assert known == frozenset()
        await database.close()


class TestConnectionWhoseEndNobodyNoticed:
    """The server has said that it ends it; the driver takes it for open, and for busy.

    Nothing shows that before its next statement, which the driver answers by cutting it.
    """

    @pytest.fixture
    async def proxy(
        self, make_database: Callable[..., str], platform_template: str
    ) -> AsyncIterator[FaultProxy]:
        with TemporaryDirectory(prefix="cut") as folder:
            async with FaultProxy(make_database(template=platform_template), Path(folder)) as proxy:
                proxy.hides_ends = True
                yield proxy

    @pytest.mark.parametrize("is_through_driver", [True, False], ids=["driver", "sqlalchemy"])
    async def test_is_lost_once_and_never_given_out_again(
        self, proxy: FaultProxy, *, is_through_driver: bool
    ) -> None:
        database = Database(proxy.url, pool_size=1)
        clock, store = ManualClock(database), PostgresStore(database)
        await clock.start_at(NOW)

        async def ask() -> object:
            if is_through_driver:
                return await clock._read(0.0)
            return await store.known_events(wallet.TENANT, [wallet.ACCOUNT])

        before = await ask()
        await end_all(proxy.straight)
        with pytest.raises(Exception, match="another operation") as caught:
            await ask()

        assert is_transient(caught.value)
        assert isinstance(driver_problem(caught.value), asyncpg.InternalClientError)
        proxy.hides_ends = False
        assert await ask() == before
        await database.close()

    async def test_in_a_transaction_is_lost_too(self, proxy: FaultProxy) -> None:
        database = Database(proxy.url, pool_size=1)

        async def ask_after_the_end() -> None:
            async with database.bound([wallet.TENANT]) as connection:
                await end_all(proxy.straight)
                await connection.execute(text("SELECT 1"))

        with pytest.raises(Exception, match="another operation") as caught:
            await ask_after_the_end()

        assert is_transient(caught.value)
        proxy.hides_ends = False
        async with database.bound([wallet.TENANT]) as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
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
