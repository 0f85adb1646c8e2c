"""What is kept of now, against the movements and reviews it follows from, and its migration."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from services.credit.files.domain.credit_file import events as file_events
from services.credit.files.projections import credit_files
from services.credit.files.projections.credit_file_queries import Wanted as FilesWanted
from services.credit.files.projections.credit_file_queries import files, key_of
from services.credit.lines.domain.credit_line import events as line_events
from services.credit.lines.projections import exposure
from services.credit.lines.projections.exposure_queries import At, Wanted, exposures
from services.credit.runtime.wiring import AREAS
from shared.kernel.envelope import Recorded
from shared.kernel.ids import derived, stream_id
from shared.kernel.money import Money
from shared.platform.area import events_of
from shared.platform.database.migrations import migrate
from shared.platform.database.pools import Database
from shared.platform.projector.moment import KNOWN_EVER
from shared.platform.projector.moment import At as Moment
from shared.platform.projector.rows import table_of
from tests.credit.conftest import MIGRATIONS
from tests.support.credit_book import ENTITY, TENANT, ZONE, LedgerSays, noon
from tests.support.credit_samples import SAMPLES
from tests.support.databases import Server
from tests.support.projecting import Tables, project

pytestmark = pytest.mark.connected

DAY: Final = date(2026, 1, 1)
DAYS: Final = 60  # days of a random book
NAMES: Final = {kind: name for name, kind in events_of(AREAS).items()}
PROJECTIONS: Final = (exposure.READ_MODEL, credit_files.READ_MODEL)
BEFORE: Final = (
    "DROP TABLE exposure_now",
    "ALTER TABLE credit_file DROP COLUMN sort_points, DROP COLUMN scored_as_of",
    "UPDATE service_version SET version_num = '0001'",
)


def random_book(chance: random.Random) -> Sequence[Recorded[Any]]:
    """Accounts with invoices and money in two currencies, entered late or early, and limits."""
    says, said = LedgerSays(), list[Recorded[Any]]()
    accounts = [says.opened(f"C-{n}", DAY) for n in range(5)]
    for n in range(60):
        on, whose = DAY + timedelta(days=chance.randint(0, DAYS)), chance.choice(accounts)
        amount, currency = f"{chance.randint(1, 90)}.00", chance.choice(["CNY", "CNY", "USD"])
        invoice = says.issued(whose, f"I-{n}", amount, on=on, due_on=on, currency=currency)
        if chance.random() < 0.5:
            paid_on = on + timedelta(days=chance.randint(0, 20))
            learned_at = noon(paid_on + timedelta(days=chance.randint(0, 20)))
            says.paid(
                *(whose, invoice, amount),
                on=paid_on,
                due_on=on,
                recorded_at=learned_at,
                currency=currency,
            )
    for whose in accounts[:4]:
        line = stream_id(TENANT, ENTITY, "credit_line", str(whose))
        for version in range(1, chance.randint(1, 3) + 1):
            on = DAY + timedelta(days=20 * (version - 1) + chance.randint(0, 19))
            limit = line_events.CreditLineLimitSet(
                account_id=whose,
                account_number="C",
                limit=Money(chance.randint(0, 20_000), "CNY"),
                previous=None,
            )
            said.append(_recorded(line, version, limit, whose, on))
    return [*said, *says.events] if chance.random() < 0.5 else [*says.events, *said]


def random_files(chance: random.Random) -> Sequence[Recorded[Any]]:
    """Files with scores of several month ends, some without any."""
    says, said = LedgerSays(), list[Recorded[Any]]()
    sample = next(each for each in SAMPLES if isinstance(each, file_events.CreditFileScored))
    for n in range(12):
        whose = says.opened(f"C-{n:02}", DAY)
        file = stream_id(TENANT, ENTITY, "credit_file", str(whose))
        ends = [date(2026, month, 28) for month in range(1, chance.randint(1, 5))]
        events: list[Any] = []
        for end in ends:
            score = f"{chance.randint(0, 3) * 10}.0000"
            events.append(file_events.CreditFileReviewStarted(account_id=whose, as_of=end))
            if chance.random() < 0.7:
                events.append(replace(sample, account_id=whose, as_of=end, score=score))
        said += [_recorded(file, v, event, whose, DAY) for v, event in enumerate(events, 1)]
    return [*says.events, *said]


def _recorded(stream: UUID, version: int, event: Any, whose: UUID, on: date) -> Recorded[Any]:
    return Recorded(
        event=event,
        type=NAMES[type(event)],
        id=derived(stream, "event", version),
        stream_id=stream,
        version=version,
        tenant_id=TENANT,
        account_id=whose,
        legal_entity=ENTITY,
        effective_on=on,
        recorded_at=noon(on),
    )


async def filled(database: Database, events: Sequence[Recorded[Any]]) -> Tables:
    """Replaces the rows of both read models by what follows from these events."""
    found: Tables = {}
    async with database.bound([TENANT]) as connection:
        for projection in PROJECTIONS:
            found |= project(projection, events)
            for model in projection.models:
                await connection.execute(sa.delete(model.table))
                if rows := [asdict(row) for row in found[model.name].values()]:
                    await connection.execute(sa.insert(model.table), rows)
    return found


@pytest.mark.parametrize(
    ("owed", "is_exceeded"), [("99.99", False), ("100.00", False), ("100.01", True)]
)
def test_a_limit_is_exceeded_from_the_first_fen_above_it(owed: str, is_exceeded: bool) -> None:
    says = LedgerSays()
    whose = says.opened("C-1", DAY)
    says.issued(whose, "I-1", owed, on=DAY, due_on=DAY)
    line = stream_id(TENANT, ENTITY, "credit_line", str(whose))
    limit = line_events.CreditLineLimitSet(
        account_id=whose, account_number="C-1", limit=Money(100_00, "CNY"), previous=None
    )
    kept = project(exposure.READ_MODEL, [*says.events, _recorded(line, 1, limit, whose, DAY)])
    (row,) = kept["exposure_now"].values()
    assert row.is_exceeded is is_exceeded


@pytest.fixture
async def database(
    make_database: Callable[..., str], credit_template: str
) -> AsyncIterator[Database]:
    found = Database(make_database(template=credit_template))
    yield found
    await found.close()


def by_hand(tables: Tables, as_of: date, as_known: datetime) -> Mapping[UUID, tuple[int, Any]]:
    """What each account owes in its currency, and its limit, from the movements alone."""
    owed, limits = defaultdict[UUID, int](int), dict[UUID, Any]()
    for row in tables["exposure_movement"].values():
        is_in = row.effective_on <= as_of and row.recorded_at <= as_known
        owed[row.account_id] += row.minor if is_in and row.currency == "CNY" else 0
    for row in sorted(tables["exposure_limit"].values(), key=lambda row: row.version):
        if row.effective_on <= as_of and row.recorded_at <= as_known:
            limits[row.account_id] = row.limit_minor
    accounts = [row.account_id for row in tables["exposure_account"].values()]
    return {id: (owed[id], limits.get(id)) for id in accounts}


class TestExposures:
    @pytest.mark.parametrize("seed", range(6))
    async def test_are_what_the_movements_say_at_any_moment(
        self, database: Database, seed: int
    ) -> None:
        chance = random.Random(seed)
        tables = await filled(database, random_book(chance))
        for _ in range(25):
            as_of = DAY + timedelta(days=chance.randint(-2, DAYS + 45))
            known_at = chance.choice(
                [KNOWN_EVER, noon(DAY + timedelta(days=chance.randint(0, 90)))]
            )
            wanted = by_hand(tables, as_of, known_at)
            moments = [At(as_of, known_at, {}), At(None, known_at, {ZONE: as_of})]
            for at, is_exceeded in ((at, x) for at in moments for x in (None, True, False)):
                async with database.bound([TENANT], snapshot=True) as connection:
                    asked = Wanted(tenant_id=TENANT, is_exceeded=is_exceeded)
                    found = await exposures(connection, asked, at, limit=50)
                assert {
                    each.account_id: (each.exposure.minor, each.limit and each.limit.minor)
                    for each in found
                } == {
                    id: (minor, limit)
                    for id, (minor, limit) in wanted.items()
                    if is_exceeded in (None, limit is not None and minor > limit)
                }

    def test_of_now_reach_as_far_as_their_events(self) -> None:
        tables = project(exposure.READ_MODEL, random_book(random.Random(1)))
        latest = by_hand(tables, date.max, datetime(9999, 1, 1, tzinfo=UTC))

        for id, (minor, limit) in latest.items():
            now = tables["exposure_now"][TENANT, id]
            assert (now.minor, now.limit_minor) == (minor, limit)
            assert now.is_exceeded == (limit is not None and minor > limit)


class TestFilesByScore:
    @pytest.mark.parametrize("seed", range(4))
    async def test_come_now_as_they_came_from_their_reviews(
        self, database: Database, seed: int
    ) -> None:
        await filled(database, random_files(random.Random(seed)))
        wanted = FilesWanted(tenant_id=TENANT, sort="score")
        ways: list[list[Any]] = []
        async with database.bound([TENANT], snapshot=True) as connection:
            for is_now in (True, False):
                at, after, found = Moment(KNOWN_EVER.date(), KNOWN_EVER, is_now), None, list[Any]()
                while page := await files(connection, wanted, at, after=after, limit=3):
                    found += page[:3]
                    after = key_of("score", page[:3][-1])
                ways.append(found)

        assert ways[0] == ways[1]
        assert len(ways[0]) == 12
        assert len({each.sort_points for each in ways[0]}) > 2


class TestMigration:
    async def test_makes_what_a_fold_makes(
        self, make_database: Callable[..., str], credit_template: str, server: Server
    ) -> None:
        url = make_database(template=credit_template)
        name = str(make_url(url).database)
        database, chance = Database(url), random.Random(3)
        tables = await filled(database, [*random_book(chance), *random_files(chance)])
        await database.close()
        await asyncio.to_thread(server.execute, name, *BEFORE)

        await asyncio.to_thread(migrate, url, MIGRATIONS)

        database = Database(url)
        async with database.bound([TENANT]) as connection:
            for model in (exposure.ExposureNowRow, credit_files.CreditFileRow):
                table = table_of(model)
                stored = (await connection.execute(sa.select(table))).mappings()
                rows = {(row["tenant_id"], row["account_id"]): model(**row) for row in stored}
                assert rows == tables[table.name]
        await database.close()
