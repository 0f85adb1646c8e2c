"""Fixtures of credit's tests: a database with its schema, and the whole service on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from shared.kernel.days import start_of_day
from shared.platform.database.migrations import migrate
from tests.support.credit_book import ZONE
from tests.support.credit_world import CreditWorld, credit_world
from tests.support.databases import Server

MIGRATIONS: Final = Path(__file__).parents[2] / "services/credit/migrations"
FIRST_DAY: Final = date(2026, 1, 1)


@pytest.fixture(scope="session")
def credit_template(server: Server) -> str:
    """A database with credit's schema and nothing in it, to be copied."""
    name = server.create()
    migrate(server.url_of(name), MIGRATIONS)
    return name


@pytest.fixture
async def credit(
    make_database: Callable[..., str], credit_template: str
) -> AsyncIterator[CreditWorld]:
    """On the first day of 2026."""
    url = make_database(template=credit_template)
    async with credit_world(url, start_of_day(FIRST_DAY, ZONE)) as world:
        yield world
