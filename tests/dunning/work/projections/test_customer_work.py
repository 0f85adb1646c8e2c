"""What the work list shows of a customer, and what a page costs, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.domain.grades import POOR
from services.dunning.work.projections.customer_work import (
    TASKS_MAX,
    CustomerWork,
    customer_of,
    work_of,
)
from services.dunning.work.projections.work_order import Asked, customers_in_order
from shared.kernel.money import Money
from shared.platform.database.pools import Database
from shared.platform.projector.keyset import Record
from tests.support.dunning import TENANT, at
from tests.support.dunning_rows import TODAY, Item, Rows

pytestmark = pytest.mark.connected

CUSTOMERS: Final = 3_000
SMALL: Final = {"dunning_case", "known_account"}  # Of which a page may well read all rows.


async def work_on(dunning_database: Database) -> dict[str, CustomerWork]:
    """By the number of the account; of one currency."""
    async with dunning_database.bound({TENANT}, snapshot=True) as connection:
        rows = await customers_in_order(connection, TENANT, Asked(currency=["CNY"]), None, 50)
        works = await work_of(connection, TENANT, rows)
    return {row["account_number"]: works[customer_of(row)] for row in rows}


class TestWorkOf:
    async def test_shows_what_is_open_and_the_oldest_that_is_overdue(
        self, dunning_database: Database
    ) -> None:
        rows = Rows()
        items = (Item(5, 100), Item(40, 20, 30), Item(-9, 3, None), Item(99, 0, None))
        rows.customer(1, *items, Item(60, 4_000, 60, "USD"))
        await rows.store(dunning_database)
        (work,) = (await work_on(dunning_database)).values()

        assert work.open_amount == Money(123, "CNY")
        assert work.oldest is not None
        assert work.oldest["invoice_number"] == "I-1-1"
        steps = sorted((debt.latest_step or 0, debt.oldest_due_on) for debt in work.debts)
        assert [(step, (TODAY - due_on).days) for step, due_on in steps] == [
            (0, -9),
            (1, 5),
            (30, 40),
        ]

    async def test_shows_the_first_tasks_and_counts_all(self, dunning_database: Database) -> None:
        rows = Rows()
        rows.customer(1, Item(5))
        for k in range(TASKS_MAX):
            rows.task(1, k, 0, opened_on=TODAY - timedelta(days=k))
        rows.task(1, 100, 0, step=30)
        rows.task(1, 101, 0, step=None)
        rows.task(1, 102, 0, currency="USD")
        rows.customer(2, Item(5))
        await rows.store(dunning_database)
        works = await work_on(dunning_database)
        tasks = works["C-1"].tasks

        assert [task["step"] for task in tasks] == [30] + [1] * (TASKS_MAX - 1)
        assert tasks[1]["opened_on"] == TODAY - timedelta(days=TASKS_MAX - 1)
        assert {task["count"] for task in tasks} == {TASKS_MAX + 2}
        assert works["C-2"].tasks == ()

    async def test_shows_the_last_contact_and_the_open_promise_due_first(
        self, dunning_database: Database
    ) -> None:
        rows = Rows()
        rows.customer(1, Item(5))
        rows.customer(2, Item(5))
        for k, hour in enumerate((9, 11, 10)):
            rows.contact(1, k, at(TODAY, hour))
        rows.promise(1, 0, 1, "kept")
        rows.promise(1, 1, 4)
        rows.promise(1, 2, 3)
        rows.promise(2, 0, 3, "broken")
        await rows.store(dunning_database)
        works = await work_on(dunning_database)
        one, two = works["C-1"], works["C-2"]

        assert one.contact is not None
        assert one.contact["outcome"] == "tried_1"
        assert one.promise is not None
        assert (one.promise["number"], one.promise["count"]) == ("p-1-2", 2)
        assert (two.contact, two.promise) == (None, None)

    async def test_shows_the_most_severe_step_that_waits_and_is_still_about_something(
        self, dunning_database: Database
    ) -> None:
        rows = Rows()
        for n in (1, 2, 3):
            rows.customer(n, Item(5), Item(40, step=30), Item(70, 0, None))
        rows.plan(1, at(TODAY, 8))
        rows.waits(1, 0, 1, is_returned=True)
        rows.waits(1, 1, 30)
        rows.waits(1, 2, 60)  # Is paid.
        rows.plan(2, None)
        rows.waits(2, 0, 1)
        rows.waits(2, 1, 30, is_history=True)
        rows.plan(3, at(TODAY, 8))
        rows.waits(3, 0, -3)
        await rows.store(dunning_database)
        works = await work_on(dunning_database)
        one, two, three = (works[f"C-{n}"].waiting for n in (1, 2, 3))

        assert one is not None
        assert two is not None
        assert (one.step, one.is_returned, one.review_at) == (30, True, at(TODAY, 8))
        assert (two.step, two.is_returned, two.review_at) == (1, False, None)
        assert three is None


@contextmanager
def collected(dunning_database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are asked meanwhile, with their values."""
    found: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, values: Any, *rest: Any) -> None:
        found.append((statement, values))

    engine = dunning_database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(engine, "before_cursor_execute", note)


def many() -> Rows:
    """A book in which a tenth of the customers is worked on, each with items long paid."""
    rows = Rows()
    for n in range(CUSTOMERS):
        is_bad = n % 10 == 0
        paid = [Item(days, 0, None) for days in range(100, 110)]
        owed = [Item(5, 100 + n), Item(40, 50, 30), Item(-9, 70, None)] if is_bad else [Item(-9)]
        rows.customer(n, *owed, *paid, grade=POOR, case=is_bad)
        rows.contact(n, 0, at(TODAY, 9))
        rows.promise(n, 0, 3)
        rows.task(n, 0, 0, status="open" if is_bad else "withdrawn")
        rows.plan(n, at(TODAY, 8))
        rows.waits(n, 0, 1)
    return rows


async def ask(connection: AsyncConnection, limit: int) -> Sequence[Record]:
    rows = await customers_in_order(connection, TENANT, Asked(), None, limit)
    await work_of(connection, TENANT, rows[:limit])
    return rows


def relations(plan: dict[str, Any], kind: str) -> Iterator[str]:
    if plan["Node Type"] == kind:
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from relations(part, kind)


async def test_a_page_costs_the_same_statements_and_each_goes_by_index(
    dunning_database: Database,
) -> None:
    await many().store(dunning_database)
    owner = await asyncpg.connect(dunning_database.url)
    await owner.execute("ANALYZE")
    await owner.close()
    async with dunning_database.bound({TENANT}, snapshot=True) as connection:
        with collected(dunning_database) as few:
            assert len(await ask(connection, 5)) == 6
        with collected(dunning_database) as more:
            assert len(await ask(connection, 100)) == 101
        assert len(few) == len(more) == 8
        for statement, values in few:
            explained = await connection.exec_driver_sql(
                f"EXPLAIN (FORMAT JSON) {statement}", values
            )
            (answer,) = explained.scalars()
            read = set(relations(answer[0]["Plan"], "Seq Scan"))
            assert read <= SMALL, (read, statement)
