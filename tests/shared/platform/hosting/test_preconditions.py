"""What is away is waited for, what is wrong ends the process with a line that says it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from asyncpg import UndefinedColumnError
from sqlalchemy.engine import make_url

from services.cli.installed import RUNTIMES
from shared.platform.database.migrations import (
    PLATFORM_VERSION,
    SERVICE_VERSION,
    migrate,
    newest_of_both,
)
from shared.platform.database.pools import Database
from shared.platform.hosting.host import Host
from shared.platform.hosting.preconditions import (
    DatabaseRefused,
    SchemaMismatch,
    await_database,
    await_topics,
    check_revision,
    refusals_said,
)
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.memory import MemoryLog
from shared.platform.log.port import LogUnavailable, TopicMismatch, TopicSpec, UnknownTopic
from shared.platform.service import Topics, events_spec, public_spec
from shared.platform.store.postgres import PostgresStore
from tests.support.toy.wallets import bare_service

TOPICS: Final = (
    events_spec(Topics(), "ledger"),
    events_spec(Topics(), "dunning"),
    public_spec(Topics(), "alerts"),
)
SOON_S: Final = 10.0


class AwayAtFirst(MemoryLog):
    """Answers the third time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def verify(self, topics: object) -> None:
        self.asked += 1
        if self.asked < 3:
            raise LogUnavailable("not yet")


class TestAwaitTopics:
    async def test_makes_what_is_missing_where_it_may(self) -> None:
        log = MemoryLog()
        await await_topics("ledger", log, TOPICS, makes_them=True)
        await log.verify(TOPICS)

    async def test_refuses_a_log_without_topics(self) -> None:
        with pytest.raises(UnknownTopic, match=r"duebook\..* run `duebook topics apply`"):
            await await_topics("ledger", MemoryLog(), TOPICS, makes_them=False)

    @pytest.mark.parametrize(
        "wrong",
        [TOPICS[-1]._replace(partitions=3), TOPICS[-1]._replace(retention_ms=1000)],
        ids=["partitions", "retention"],
    )
    async def test_refuses_topics_of_another_shape(self, wrong: TopicSpec) -> None:
        log = MemoryLog()
        await log.create([*TOPICS[:-1], wrong])
        with pytest.raises(TopicMismatch, match=r"duebook\.alerts\.v1"):
            await await_topics("ledger", log, TOPICS, makes_them=False)

    async def test_waits_for_a_log_that_is_away(self) -> None:
        log = AwayAtFirst()
        async with asyncio.timeout(SOON_S):
            await await_topics("ledger", log, TOPICS, makes_them=False)
        assert log.asked == 3


@pytest.mark.connected
class TestCheckRevision:
    @pytest.fixture
    def url(self, make_database: Callable[..., str]) -> str:
        return make_database()

    def folder(self) -> Path:
        return RUNTIMES["ledger"].migrations

    @pytest.mark.parametrize("chain", [PLATFORM_VERSION, SERVICE_VERSION])
    async def test_takes_the_newest_and_refuses_any_other(self, url: str, chain: str) -> None:
        database = Database(url)
        await asyncio.to_thread(migrate, url, self.folder())
        await check_revision("ledger", database, newest_of_both(self.folder()))
        with pytest.raises(SchemaMismatch, match=r"needs 9999: run `duebook migrate ledger`"):
            await check_revision("ledger", database, {chain: "9999"})
        await database.close()

    async def test_refuses_a_database_that_was_never_migrated(
        self, make_database: Callable[..., str], platform_template: str
    ) -> None:
        database = Database(make_database(template=platform_template))
        with pytest.raises(SchemaMismatch, match="revision none"):
            await check_revision("ledger", database, newest_of_both(self.folder()))
        await database.close()


@pytest.mark.connected
class TestHost:
    @pytest.fixture
    def database(self, make_database: Callable[..., str], platform_template: str) -> Database:
        return Database(make_database(template=platform_template))

    def host(self, database: Database, log: MemoryLog) -> Host:
        return Host(
            replace(bare_service(), name="ledger"),
            PlatformSettings(),
            database=database,
            store=PostgresStore(database),
            log=log,
            makes_topics=False,
        )

    async def test_does_not_start_on_topics_that_are_not_ours(self, database: Database) -> None:
        host = self.host(database, MemoryLog())
        with pytest.raises(UnknownTopic):
            await host.start()
        assert not host.parts.started
        await host.stop()

    async def test_takes_commands_while_the_log_is_away(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.platform.hosting.host.LOG_WAIT_S", 0.1)
        log = AwayAtFirst()
        await log.create(TOPICS)
        host = self.host(database, log)

        await host.start()

        assert host.parts.started
        assert log.asked < 3
        async with asyncio.timeout(SOON_S):
            await host.failed()
        assert log.asked == 3
        await host.stop()


class TestAwaitDatabase:
    async def test_waits_for_a_server_that_is_away(self) -> None:
        database = Database("postgresql://duebook@127.0.0.1:1/nowhere")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await await_database("ledger", database)
        await database.close()

    @pytest.mark.connected
    async def test_refuses_a_database_that_is_not_there_and_says_what_makes_it(
        self, make_database: Callable[..., str]
    ) -> None:
        url = make_url(make_database()).set(database="nowhere")
        database = Database(url.render_as_string(hide_password=False))
        with pytest.raises(DatabaseRefused, match=r"nowhere.* run `duebook migrate ledger`"):
            await await_database("ledger", database)
        await database.close()

    @pytest.mark.connected
    async def test_refuses_a_login_that_nobody_knows(
        self, make_database: Callable[..., str]
    ) -> None:
        url = make_url(make_database()).set(username="stranger")
        database = Database(url.render_as_string(hide_password=False))
        with pytest.raises(DatabaseRefused, match=r"^ledger's database: .*stranger"):
            await await_database("ledger", database)
        await database.close()

    def test_keeps_the_traceback_of_what_is_a_bug(self) -> None:
        with pytest.raises(UndefinedColumnError), refusals_said("ledger"):
            raise UndefinedColumnError("no such column")
