"""Fixtures of all tests: a PostgreSQL server when one is asked for, and databases on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import pytest

from shared.platform.database import Database
from shared.platform.store.schema import PRIVATE_TABLES, platform_statements
from tests.support.databases import Server, running_server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


@pytest.fixture(scope="session")
def platform_template(server: Server) -> str:
    """A database with the platform's tables and nothing in them, to be copied."""
    return server.create(platform_statements(private=PRIVATE_TABLES))


@pytest.fixture
def make_database(server: Server) -> Iterator[Callable[..., str]]:
    """Makes databases for one test: (statements, template="…") -> URL. Dropped afterwards."""
    made: list[str] = []

    def make(statements: Sequence[str] = (), *, template: str = "template1") -> str:
        made.append(server.create(statements, template=template))
        return server.url_of(made[-1])

    yield make
    for name in made:
        server.drop(name)


@pytest.fixture
async def platform_database(
    make_database: Callable[..., str], platform_template: str
) -> AsyncIterator[Database]:
    """A fresh database with the platform's tables, seen as the application role."""
    database = Database(make_database(template=platform_template))
    yield database
    await database.close()
