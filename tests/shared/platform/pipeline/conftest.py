"""A toy service at work on databases of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from shared.platform.log.port import EventLog
from shared.platform.log.postgres import PostgresLog
from tests.support.toy.running import RunningToy


@pytest.fixture
def url(make_database: Callable[..., str], toy_template: str) -> str:
    return make_database(template=toy_template)


@pytest.fixture
def log_url(make_database: Callable[..., str]) -> str:
    return make_database()


@pytest.fixture
async def log(log_url: str) -> AsyncIterator[EventLog]:
    log = PostgresLog(log_url)
    yield log
    await log.close()


@pytest.fixture
async def toy(url: str, log: EventLog) -> AsyncIterator[RunningToy]:
    toy = RunningToy(url, log)
    await toy.start()
    yield toy
    await toy.stop()
