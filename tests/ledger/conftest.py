"""Fixtures of the ledger: a database with its schema."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from shared.platform.database.migrations import migrate
from shared.platform.database.pools import Database
from tests.support.databases import Server
from tests.support.ledger_api import LedgerApi, ledger_api
from tests.support.ledger_tables import MIGRATIONS


@pytest.fixture(scope="session")
def ledger_template(server: Server) -> str:
    """A database as the ledger's migrations leave it, to be copied."""
    name = server.create()
    migrate(server.url_of(name), MIGRATIONS)
    return name


@pytest.fixture
async def ledger_database(
    make_database: Callable[..., str], ledger_template: str
) -> AsyncIterator[Database]:
    """Seen as the application role."""
    database = Database(make_database(template=ledger_template))
    yield database
    await database.close()


@pytest.fixture
async def api(make_database: Callable[..., str], ledger_template: str) -> AsyncIterator[LedgerApi]:
    """A running ledger on a database of its own."""
    async with ledger_api(make_database(template=ledger_template)) as running:
        yield running
