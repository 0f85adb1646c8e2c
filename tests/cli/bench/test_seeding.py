"""Seeded books: as many as was asked, lawful, the same every time, and never over anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import asyncpg
import pytest

from services.cli.bench.seeded_books import SEEDED, SeededBooks
from services.cli.bench.seeded_rows import ROWS
from services.cli.bench.seeding import BooksMissing, BooksNotEmpty, day_of, seed
from services.ledger.reports.projections import aging, open_items
from shared.platform.database.pools import Database
from shared.platform.projector.moment import KNOWN_EVER, At
from tests.support.ledger import TENANT

pytestmark = pytest.mark.connected

DAY: Final = date(2026, 6, 30)
BOOKS: Final = SeededBooks(TENANT, 1_000, DAY)
INDEXES: Final = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexdef"
# Of each item: what its movements say, where that is not what its row says.
WRONG_ITEMS: Final = """
SELECT i.open_item_id
  FROM open_item i JOIN open_item_movement m USING (tenant_id, open_item_id)
 GROUP BY i.tenant_id, i.open_item_id
HAVING (i.open_minor, i.first_on, i.first_at, i.last_on, i.last_at)
       IS DISTINCT FROM (sum(m.minor), min(m.effective_on), min(m.recorded_at),
                         max(m.effective_on), max(m.recorded_at))"""


@pytest.fixture
def make_empty(
    make_database: Callable[..., str], service_templates: Mapping[str, str]
) -> Callable[[str], str]:
    """Makes an empty database of a service, and gives its address."""
    return lambda service: make_database(template=service_templates[service])


async def fetched(url: str, statement: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def everything(url: str) -> Mapping[str, Any]:
    """Each table's rows, in an order of their own."""
    tables = await fetched(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {
        table: await fetched(url, f"SELECT t::text FROM {table} t ORDER BY 1")
        for (table,) in tables
    }


class TestSeed:
    async def test_makes_a_ledger_whose_rows_agree(self, make_empty: Callable[[str], str]) -> None:
        url = make_empty("ledger")
        await seed(url, BOOKS, ROWS["ledger"])

        counts = "SELECT (SELECT count(*) FROM open_item), (SELECT count(*) FROM open_item"
        counts += " WHERE open_minor <> 0), (SELECT count(*) FROM open_item_movement)"
        assert await fetched(url, counts) == [(4_000, 1_000, 10_000)]
        assert await fetched(url, WRONG_ITEMS) == []
        assert await day_of(url, TENANT) == DAY
        asked = open_items.Asked(tenant_id=TENANT, legal_entity=SEEDED)
        at = At(DAY, KNOWN_EVER, True)
        database = Database(url)
        async with database.bound([TENANT], snapshot=True) as connection:
            items = await open_items.list_items(connection, asked, at, after=None, limit=1_000)
            whole = await aging.aging(connection, asked, at, edges=[30])
        await database.close()
        by_item, shown = Counter[str](), Counter[str]()
        for row in items:
            by_item[row["currency"]] += row["minor"]
        for row in whole:
            shown[row["currency"]] += row["minor"]
        assert by_item == shown
        assert set(shown) == {"CNY", "USD"}

    @pytest.mark.parametrize("service", ROWS)
    async def test_is_the_same_every_time_and_leaves_the_schema(
        self, make_empty: Callable[[str], str], service: str
    ) -> None:
        urls = [make_empty(service) for _ in range(2)]
        before = await fetched(urls[0], INDEXES)
        for url in urls:
            await seed(url, BOOKS, ROWS[service])

        one, other = [await everything(url) for url in urls]
        assert one == other
        assert all(one[table] for table in ROWS[service](BOOKS))
        assert await fetched(urls[0], INDEXES) == before

    async def test_refuses_a_database_that_has_anything(
        self, make_empty: Callable[[str], str]
    ) -> None:
        url = make_empty("credit")
        await fetched(
            url,
            "INSERT INTO exposure_limit VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'CNY', 1,"
            " current_date, now())",
        )
        before = await everything(url)

        with pytest.raises(BooksNotEmpty, match="has rows in exposure_limit"):
            await seed(url, BOOKS, ROWS["credit"])

        assert await everything(url) == before

    async def test_is_missed_where_it_was_not_done(self, make_empty: Callable[[str], str]) -> None:
        with pytest.raises(BooksMissing):
            await day_of(make_empty("ledger"), TENANT)
