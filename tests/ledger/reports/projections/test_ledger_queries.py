"""SQL against a fold by hand: every balance, on every day, as known at every moment."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.cash.projections import payments
from services.ledger.receivables.domain.aging import bucket_of
from services.ledger.receivables.projections import invoices
from services.ledger.reports.projections import aging, open_items
from services.ledger.reports.projections.open_items import READ_MODEL as OPEN_ITEMS
from services.ledger.reports.projections.open_items import Asked
from shared.kernel.envelope import Recorded
from shared.platform.database.pools import Database
from shared.platform.projector.moment import KNOWN_EVER, At
from tests.support.ledger import TENANT, noon
from tests.support.ledger_histories import ACTIONS, FIRST_DAY, Life, Step, life_of
from tests.support.ledger_tables import PROJECTIONS, fill
from tests.support.projecting import Tables, project

pytestmark = pytest.mark.connected

EDGES = (10, 20, 40)
ALL = Asked(tenant_id=TENANT, legal_entity="CN01")


def busy_life(seed: int) -> Life:
    """Long enough that reversals, backdated money and cancellations all happen."""
    chance = random.Random(seed)
    return life_of(
        [
            Step(
                action=chance.choice(ACTIONS),
                pick=chance.randrange(10),
                other=chance.randrange(10),
                amount=chance.randint(1, 30_000),
                days=chance.randint(0, 4),
                back=chance.choice([None, None, *range(12)]),
            )
            for _ in range(120)
        ]
    )


@dataclass(frozen=True)
class ByHand:
    """Open amounts at a moment, added up without any of the code under test."""

    tables: Tables
    at: At

    def open_items(self) -> dict[UUID, int]:
        found: dict[UUID, int] = defaultdict(int)
        for row in self.tables["open_item_movement"].values():
            if row.effective_on <= self.at.as_of and row.recorded_at <= self.at.as_known:
                found[row.open_item_id] += row.minor
        return {id: minor for id, minor in found.items() if minor}

    def buckets(self) -> Counter[str]:
        found = Counter[str]()
        for id, minor in self.open_items().items():
            due_on = self.tables["open_item"][TENANT, id].due_on
            name = bucket_of(minor, due_on=due_on, as_of=self.at.as_of, edges=EDGES)
            found[name] += minor
        return found


def moments(life: Life) -> Iterator[At]:
    """Days and instants of the life, before, between and after."""
    days = [FIRST_DAY + timedelta(days=n) for n in range(-1, (life.today - FIRST_DAY).days + 40, 9)]
    for as_of in days:
        yield At(as_of, KNOWN_EVER, False)
        for known_on in days[::4]:
            yield At(as_of, noon(known_on), False)
    yield At(life.today, KNOWN_EVER, True)


class TestOpenItems:
    @pytest.mark.parametrize("seed", [1, 2, 3])
    async def test_are_what_the_movements_say_at_any_moment(
        self, ledger_database: Database, seed: int
    ) -> None:
        life = busy_life(seed)
        events = life.book.streams.recorded
        tables = project(OPEN_ITEMS, events)
        await fill(ledger_database, TENANT, events)

        async with ledger_database.bound([TENANT], snapshot=True) as connection:
            for at in moments(life):
                by_hand = ByHand(tables, at)
                rows = await open_items.list_items(connection, ALL, at, after=None, limit=1000)
                assert {row["open_item_id"]: row["minor"] for row in rows} == by_hand.open_items()

                buckets = await aging.aging(connection, ALL, at, edges=EDGES)
                assert (
                    Counter({row["bucket"]: row["minor"] for row in buckets}) == by_hand.buckets()
                )
                assert sum(row["items"] for row in buckets) == len(rows)

    async def test_come_in_pages_by_due_date_without_loss(self, ledger_database: Database) -> None:
        life = busy_life(4)
        await fill(ledger_database, TENANT, life.book.streams.recorded)
        at = At(life.today, KNOWN_EVER, True)

        async with ledger_database.bound([TENANT], snapshot=True) as connection:
            whole = await open_items.list_items(connection, ALL, at, after=None, limit=1000)
            paged: list[UUID] = []
            after: tuple[str, ...] | None = None
            while rows := await open_items.list_items(connection, ALL, at, after=after, limit=1):
                paged += [row["open_item_id"] for row in rows]
                last = rows[-1]
                after = (last["listed_on"].isoformat(), str(last["open_item_id"]))

        assert len(whole) > 4
        assert paged == [row["open_item_id"] for row in whole]
        dues = [row["due_on"] or date.max for row in whole]
        assert dues == sorted(dues)

    async def test_of_a_past_day_do_not_change_when_more_is_learned(
        self, ledger_database: Database
    ) -> None:
        """A backdated payment changes past days, and nothing that was known before it."""
        life = busy_life(5)
        events = life.book.streams.recorded
        half = len(events) // 2
        known = events[half].recorded_at
        seen: list[dict[UUID, int]] = []
        for part in ([e for e in events if e.recorded_at <= known], events):
            await fill(ledger_database, TENANT, part)
            async with ledger_database.bound([TENANT], snapshot=True) as connection:
                rows = await open_items.list_items(
                    connection, ALL, At(life.today, known, False), after=None, limit=1000
                )
                seen.append({row["open_item_id"]: row["minor"] for row in rows})

        assert seen[0] == seen[1]


class TestAging:
    async def test_by_account_sums_to_the_whole_in_pages(self, ledger_database: Database) -> None:
        life = busy_life(6)
        await fill(ledger_database, TENANT, life.book.streams.recorded)
        at = At(life.today - timedelta(days=20), KNOWN_EVER, False)

        async with ledger_database.bound([TENANT], snapshot=True) as connection:
            whole = await aging.aging(connection, ALL, at, edges=EDGES)
            first = await aging.aging_by_account(
                connection, ALL, at, edges=EDGES, after=None, limit=0
            )
            last = first[-1]
            second = await aging.aging_by_account(
                connection,
                ALL,
                at,
                edges=EDGES,
                after=(last["account_number"], str(last["account_id"]), last["currency"]),
                limit=0,
            )

        assert {row["account_number"] for row in first} == {"C-1001"}
        assert {row["account_number"] for row in second} == {"C-1002"}
        assert _by_bucket([*first, *second]) == _by_bucket(whole)


class TestAgingHoweverAsked:
    """Totals, one account and pages of accounts against the items one by one."""

    @pytest.mark.parametrize("seed", range(20, 26))
    async def test_foots_to_the_open_items(self, ledger_database: Database, seed: int) -> None:
        chance = random.Random(seed)
        life = busy_life(seed)
        for n in range(6):
            on = life.today - timedelta(days=chance.randint(0, 60))
            life.book.issue(
                f"USD-{n}", "12.34", on=on, net=chance.choice([None, 10]), currency="USD"
            )
        await fill(ledger_database, TENANT, in_partitions(life.book.streams.recorded))
        accounts = sorted({each.account_id for each in life.book.streams.recorded})

        async with ledger_database.bound([TENANT], snapshot=True) as connection:
            for at in random_moments(life, chance, 12):
                edges = sorted(chance.sample(range(1, 60), chance.randint(1, 5)))
                currency = chance.choice([None, "CNY", "USD"])
                asked = replace(ALL, currency=currency)
                items = await open_items.list_items(connection, asked, at, after=None, limit=1000)

                whole = await aging.aging(connection, asked, at, edges=edges)
                assert _shown(whole) == _counted(items, at, edges)
                for account_id in accounts:
                    alone = await aging.aging(
                        connection, replace(asked, account_id=account_id), at, edges=edges
                    )
                    own = [row for row in items if row["account_id"] == account_id]
                    assert _shown(alone) == _counted(own, at, edges)

                places, rows = await _pages(connection, asked, at, edges, chance.randint(0, 2))
                assert places == sorted({_place(row) for row in items})
                for place in places:
                    own = [row for row in items if _place(row) == place]
                    page = [row for row in rows if _place(row) == place]
                    assert _shown(page) == _counted(own, at, edges)


class TestInvoicesAndPayments:
    @pytest.mark.parametrize("seed", [7, 8])
    async def test_stand_as_their_open_items_do(self, ledger_database: Database, seed: int) -> None:
        life = busy_life(seed)
        events = life.book.streams.recorded
        tables = project(OPEN_ITEMS, events)
        await fill(ledger_database, TENANT, events)

        async with ledger_database.bound([TENANT], snapshot=True) as connection:
            for at in moments(life):
                by_hand = ByHand(tables, at).open_items()
                issued = await invoices.list_invoices(
                    connection, TENANT, invoices.Asked(), at, after=None, limit=1000
                )
                items = await invoices.installments_of(
                    connection, TENANT, [row["invoice_id"] for row in issued], at
                )
                assert {
                    item["open_item_id"]: item["open_then"]
                    for row in issued
                    if row["status_then"] != "canceled"
                    for item in items[row["invoice_id"]]
                    if item["open_then"]
                } == {id: minor for id, minor in by_hand.items() if minor > 0}
                assert all(
                    (row["status_then"] == "open") == bool(row["open_then"]) for row in issued
                )
                paid = await payments.list_payments(
                    connection, TENANT, payments.Asked(), at, after=None, limit=1000
                )
                assert {
                    row["open_item_id"]: -row["unallocated_then"]
                    for row in paid
                    if row["unallocated_then"]
                } == {id: minor for id, minor in by_hand.items() if minor < 0}

    async def test_name_the_oldest_first(self, ledger_database: Database) -> None:
        life = busy_life(9)
        await fill(ledger_database, TENANT, life.book.streams.recorded)
        account_id = next(
            e.account_id for e in life.book.streams.recorded if e.type == "ledger.invoice.issued.v1"
        )
        async with ledger_database.bound([TENANT], snapshot=True) as connection:
            found = await invoices.oldest_open(connection, TENANT, account_id, 100)
            dues: list[date] = []
            for id in found:
                row = await invoices.find_invoice(
                    connection, TENANT, id, At(life.today, KNOWN_EVER, True)
                )
                assert row is not None
                assert (row["status"], row["account_id"]) == ("open", account_id)
                dues.append(row["due_on"] or date.max)

        assert len(dues) > 1
        assert dues == sorted(dues)


class TestTenants:
    async def test_shows_nothing_to_other_tenants(self, ledger_database: Database) -> None:
        await fill(ledger_database, TENANT, busy_life(10).book.streams.recorded)

        async with ledger_database.bound([UUID(int=1)]) as connection:
            for table in (model.table for one in PROJECTIONS for model in one.models):
                count = sa.select(sa.func.count()).select_from(table)
                assert (await connection.execute(count)).scalar_one() == 0


def in_partitions(events: Sequence[Recorded[Any]]) -> Sequence[Recorded[Any]]:
    """As they are read from a log of two partitions."""
    return [each._replace(partition=each.account_id.int % 2) for each in events]


def random_moments(life: Life, chance: random.Random, count: int) -> Iterator[At]:
    last = (life.today - FIRST_DAY).days
    for _ in range(count):
        as_of = FIRST_DAY + timedelta(days=chance.randint(-1, last + 40))
        known_on = FIRST_DAY + timedelta(days=chance.randint(0, last))
        yield At(as_of, chance.choice([KNOWN_EVER, noon(known_on)]), False)
        yield At(as_of, KNOWN_EVER, True)


async def _pages(
    connection: AsyncConnection, asked: Asked, at: At, edges: Sequence[int], limit: int
) -> tuple[list[Any], list[Any]]:
    """Follows pages of so many accounts to the end: the accounts, and all rows."""
    places: list[Any] = []
    found: list[Any] = []
    after: tuple[str, ...] | None = None
    while rows := await aging.aging_by_account(
        connection, asked, at, edges=edges, after=after, limit=limit
    ):
        of_page = sorted({_place(row) for row in rows})
        assert len(of_page) <= limit + 1
        places += of_page
        found += rows
        after = tuple(map(str, of_page[-1]))
    return places, found


def _place(row: Any) -> tuple[str, UUID, str]:
    return row["account_number"], row["account_id"], row["currency"]


def _shown(rows: Any) -> dict[tuple[str, str], tuple[int, int]]:
    return {(row["currency"], row["bucket"]): (row["items"], row["minor"]) for row in rows}


def _counted(items: Any, at: At, edges: Sequence[int]) -> dict[tuple[str, str], tuple[int, int]]:
    """What aging must show of these items, each put into its bucket by the domain's rule."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for row in items:
        bucket = bucket_of(row["minor"], due_on=row["due_on"], as_of=at.as_of, edges=edges)
        count, minor = found.get((row["currency"], bucket), (0, 0))
        found[row["currency"], bucket] = (count + 1, minor + row["minor"])
    return found


def _by_bucket(rows: Any) -> Counter[tuple[str, str]]:
    found = Counter[tuple[str, str]]()
    for row in rows:
        found[row["currency"], row["bucket"]] += row["minor"]
    return found


def test_the_lives_are_busy() -> None:
    """A comparison over a quiet book would prove nothing."""
    types = Counter(e.type for seed in (1, 2, 3) for e in busy_life(seed).book.streams.recorded)
    backdated = [
        e
        for e in busy_life(5).book.streams.recorded
        if e.effective_on < datetime.date(e.recorded_at)
    ]

    assert types["ledger.payment.reversed.v1"] > 5
    assert types["ledger.invoice.canceled.v1"] > 5
    assert types["ledger.invoice.reopened.v1"] > 2
    assert len(backdated) > 5
