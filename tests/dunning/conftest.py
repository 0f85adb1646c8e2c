"""Fixtures of dunning: a database with its schema, and the service running on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from shared.platform.database.migrations import migrate
from shared.platform.database.pools import Database
from tests.support.databases import Server
from tests.support.dunning import after, at
from tests.support.dunning_running import RunningDunning

MIGRATIONS = Path(__file__).parents[2] / "services/dunning/migrations"


@pytest.fixture(scope="session")
def dunning_template(server: Server) -> str:
    """A database as dunning's migrations leave it, to be copied."""
    name = server.create()
    migrate(server.url_of(name), MIGRATIONS)
    return name


@pytest.fixture
async def dunning_database(
    make_database: Callable[..., str], dunning_template: str
) -> AsyncIterator[Database]:
    """Nothing is in it, and nobody works on it."""
    made = Database(make_database(template=dunning_template))
    yield made
    await made.close()


@pytest.fixture
async def dunning(
    make_database: Callable[..., str], dunning_template: str, tmp_path: Path
) -> AsyncIterator[RunningDunning]:
    """Its clock stands in the morning of the day on which an item is due in three days."""
    database = Database(make_database(template=dunning_template))
    running = RunningDunning(database, tmp_path / "mail", at(after(-3)))
    await running.host.start()
    yield running
    await running.http.aclose()
    await running.host.stop()
