"""A service's long streams have snapshots, and the next process decides on them."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import pytest

from shared.kernel.decider import Accepted, AnyWork
from shared.platform.database.pools import Database
from shared.platform.hosting.host import Host
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.memory import MemoryLog
from shared.platform.store.postgres import PostgresStore
from shared.platform.store.snapshots import TAIL_EVENTS_MIN
from tests.support.toy import wallet
from tests.support.toy.wallets import bare_service

pytestmark = pytest.mark.connected


async def done(url: str, work: AnyWork) -> Accepted:
    """By a process of its own."""
    database = Database(url)
    host = Host(
        bare_service(),
        PlatformSettings(),
        database=database,
        store=PostgresStore(database),
        log=MemoryLog(),
        works=False,
    )
    await host.start()
    try:
        return await host.writer.submit(work, wallet.caller())
    finally:
        await host.stop()


async def test_a_long_stream_has_a_snapshot_that_the_next_process_decides_on(
    make_database: Callable[..., str], platform_template: str
) -> None:
    url = make_database(template=platform_template)
    name = wallet.stream("a")
    opened, filled = wallet.Opened(wallet.ACCOUNT, wallet.NOW), wallet.Filled(1)
    await done(url, wallet.write(name, opened, *[filled] * (TAIL_EVENTS_MIN - 1)))
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT stream_id, version FROM es_snapshot")
        assert [(row[0], row[1]) for row in rows] == [(name.id, TAIL_EVENTS_MIN)]
        # Whoever folded this history now would not come to the end of it.
        await connection.execute("ALTER TABLE es_event DISABLE TRIGGER USER")
        await connection.execute("UPDATE es_event SET data = '' WHERE version < $1", 200)
    finally:
        await connection.close()

    accepted = await done(url, wallet.spend("a", 9))

    coins = TAIL_EVENTS_MIN - 10
    assert accepted.answer == f'{{"coins":[{coins}]}}'.encode()
