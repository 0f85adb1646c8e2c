"""Fixtures of the faults: a log with a history that nobody has read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from shared.kernel.ids import partition_of
from shared.platform.database.pools import Database
from shared.platform.log.memory import MemoryLog
from shared.platform.log.port import TopicPartition
from shared.platform.store.schema import platform_statements
from tests.support import purse, till
from tests.support.databases import Server
from tests.support.one_purse import FILLED, SPENT, TOPIC, Scene
from tests.support.till import Till


@pytest.fixture(scope="module")
def till_template(server: Server) -> str:
    return server.create([*platform_statements(), *till.STATEMENTS])


@pytest.fixture
async def scene(make_database: Callable[..., str], till_template: str) -> AsyncIterator[Scene]:
    log = MemoryLog()
    url = make_database(template=till_template)
    described = replace(till.service(reactions=[]), projections=[])
    teller = Till(url, log, described=described)
    await teller.start()
    await teller.do(till.open_filled("P", FILLED, purse.ACCOUNT, purse.NOW.replace(year=2099)))
    await teller.do(purse.spend("P", SPENT))
    await teller.settle()
    await teller.stop()
    database = Database(url)
    yield Scene(database, log, TopicPartition(TOPIC, partition_of(purse.ACCOUNT)))
    await database.close()
