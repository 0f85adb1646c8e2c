"""A till at work on databases of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from shared.platform.log.port import EventLog
from shared.platform.log.postgres import PostgresLog
from tests.support import till
from tests.support.till import Till


@pytest.fixture
def url(make_database: Callable[..., str], platform_template: str) -> str:
    return make_database(till.STATEMENTS, template=platform_template)


@pytest.fixture
def log_url(make_database: Callable[..., str]) -> str:
    return make_database()


@pytest.fixture
async def log(log_url: str) -> AsyncIterator[EventLog]:
    log = PostgresLog(log_url)
    yield log
    await log.close()


@pytest.fixture
async def shop(url: str, log: EventLog) -> AsyncIterator[Till]:
    shop = Till(url, log)
    await shop.start()
    yield shop
    await shop.stop()
