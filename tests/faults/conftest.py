"""Fixtures of the faults: a log with a history that nobody has read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from shared.kernel.ids import partition_of
from shared.platform.database.pools import Database
from shared.platform.log.memory import MemoryLog
from shared.platform.log.port import TopicPartition
from tests.support.toy import wallet, wallets
from tests.support.toy.one_wallet import FILLED, SPENT, TOPIC, Scene
from tests.support.toy.running import RunningToy


@pytest.fixture
async def scene(make_database: Callable[..., str], toy_template: str) -> AsyncIterator[Scene]:
    log = MemoryLog()
    url = make_database(template=toy_template)
    described = replace(wallets.service(reactions=[]), projections=[])
    toy = RunningToy(url, log, described=described)
    await toy.start()
    await toy.do(wallets.open_filled("P", FILLED, wallet.ACCOUNT, wallet.NOW.replace(year=2099)))
    await toy.do(wallet.spend("P", SPENT))
    await toy.settle()
    await toy.stop()
    database = Database(url)
    yield Scene(database, log, TopicPartition(TOPIC, partition_of(wallet.ACCOUNT)))
    await database.close()
