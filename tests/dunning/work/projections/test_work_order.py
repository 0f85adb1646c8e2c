"""The order of the work list, asked on a real PostgreSQL."""

from __future__ import annotations

import random
from functools import partial

import pytest

from services.dunning.accounts.domain.grades import POOR, UNRATED, rank
from services.dunning.work.projections.work_order import KEY, Asked, customers_in_order
from shared.platform.database.pools import Database
from shared.platform.projector.keyset import Record, written
from tests.support.dunning import TENANT
from tests.support.dunning_rows import Item, Rows

pytestmark = pytest.mark.connected


async def pages(dunning_database: Database, limit: int, asked: Asked | None = None) -> list[Record]:
    """All rows, page by page, in their order."""
    found: list[Record] = []
    after: list[str] | None = None
    while True:  # Until the last page.
        async with dunning_database.bound({TENANT}, snapshot=True) as connection:
            rows = await customers_in_order(connection, TENANT, asked or Asked(), after, limit)
        found += rows[:limit]
        if len(rows) <= limit:
            return found
        after = [written(found[-1][name]) for name in KEY]


class TestCustomersInOrder:
    @pytest.mark.parametrize("limit", [1, 2, 50])
    async def test_goes_by_currency_amount_age_and_grade(
        self, dunning_database: Database, limit: int
    ) -> None:
        rows = Rows()
        rows.customer(1, Item(5), Item(40, step=30))
        rows.customer(2, Item(9, 2_000))
        rows.customer(3, Item(9, 2_000), grade=POOR)
        rows.customer(4, Item(5, 5_000), Item(-9, 90_000, None))
        rows.customer(5, Item(5, 1, currency="BHD"), Item(5, 7_000))
        rows.customer(6, Item(5, 9_000), case=False)  # Nothing is to do.
        rows.customer(7, Item(5, 0, None))  # Is paid; the case is about to close.
        rows.customer(8, Item(-5, 9_000, None), case=False)
        rows.task(8, 0, 0)  # Nothing is overdue, and still somebody is asked.
        rows.customer(9, Item(-5, 9_000, None), Item(5, 0, None), case=False)
        rows.task(9, 0, 1)  # About what is paid.
        rows.task(9, 1, 0, status="withdrawn")
        await rows.store(dunning_database)

        found = await pages(dunning_database, limit)

        assert [(row["currency"], row["account_number"]) for row in found] == [
            ("BHD", "C-5"),
            ("CNY", "C-5"),
            ("CNY", "C-4"),
            ("CNY", "C-1"),
            ("CNY", "C-3"),
            ("CNY", "C-2"),
            ("CNY", "C-8"),
        ]
        assert [row["overdue_minor"] for row in found] == [1, 7_000, 5_000, 2_000, 2_000, 2_000, 0]
        ranks = [row["grade_rank"] for row in found[4:6]]
        assert ranks == [rank(POOR), rank(UNRATED)]
        assert [row["case_version"] for row in found] == [1] * 6 + [None]

    @pytest.mark.parametrize("seed", range(4))
    async def test_shows_each_customer_once_however_large_the_pages(
        self, dunning_database: Database, seed: int
    ) -> None:
        """Also where a currency has none of whom anything is overdue."""
        chance, rows = random.Random(seed), Rows()
        wanted: list[tuple[str, int, str]] = []
        for n in range(40):
            currency, minor = chance.choice(["AUD", "CNY", "EUR", "USD"]), chance.randint(1, 5)
            is_overdue = currency != "AUD" and chance.random() < 0.6
            has_case, has_task = is_overdue and chance.random() < 0.8, chance.random() < 0.5
            item = Item(5, minor, 1, currency) if is_overdue else Item(-5, minor, None, currency)
            rows.customer(n, item, case=has_case)
            if has_task:
                rows.task(n, 0, 0, currency=currency)
            if has_case or has_task:
                wanted.append((currency, -minor if is_overdue else 0, f"C-{n}"))
        await rows.store(dunning_database)

        whole = [
            (row["currency"], row["minus_minor"], row["account_number"])
            for row in await pages(dunning_database, 50)
        ]
        assert sorted(whole) == sorted(wanted)
        assert [row[:2] for row in whole] == sorted(row[:2] for row in wanted)
        for limit in (1, 3, 7):
            paged = await pages(dunning_database, limit)
            assert [row["account_number"] for row in paged] == [row[2] for row in whole]

    async def test_finds_customers_by_the_kind_of_a_task_that_is_to_do(
        self, dunning_database: Database
    ) -> None:
        rows = Rows()
        for n in (1, 2, 3):
            rows.customer(n, Item(5), Item(5, 0, None))
            rows.task(n, 0, 0)
        rows.task(1, 1, 0, kind="legal_decision")
        rows.task(2, 1, 1, kind="legal_decision")
        rows.task(3, 1, 0, kind="legal_decision", status="completed")
        await rows.store(dunning_database)
        of = partial(pages, dunning_database, 50)

        legal = await of(Asked(task=["legal_decision"]))
        assert [row["account_number"] for row in legal] == ["C-1"]
        assert len(await of(Asked(task=["phone", "check_notice"]))) == 3
        assert await of(Asked(task=["check_notice"])) == []
