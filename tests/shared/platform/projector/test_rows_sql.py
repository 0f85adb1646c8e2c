"""Rows on a table that nobody analyzed, which is every table of a book that is taken over."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from shared.kernel.ids import derived
from shared.platform.database.pools import Database
from shared.platform.projector.port import Need, Rows, model_of
from shared.platform.projector.rows import Index, row, table_of
from shared.platform.projector.rows_sql import SESSION, ModelSql, RowStore
from shared.platform.store.schema import protection_of

TENANT: Final = UUID("7e2a0000-0000-4000-8000-000000000001")
OTHER: Final = UUID("7e2a0000-0000-4000-8000-000000000002")
LINES: Final = 3  # of each thing
THINGS: Final = 1_000  # enough for a plan that reads them all to look cheap no more


@row(
    table="thing_line",
    key=("tenant_id", "thing_id", "line"),
    indexes=(
        Index(("tenant_id", "color")),
        Index(("tenant_id", "thing_id"), where="color = 'red'"),
        Index(("tenant_id", "line", "color")),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class ThingLineRow:
    tenant_id: UUID
    thing_id: UUID
    line: int
    color: str


MODEL: Final = model_of(ThingLineRow)
SQL: Final = ModelSql(MODEL)


def thing(n: int) -> UUID:
    return derived(TENANT, n)


def lines_of(n: int, tenant_id: UUID = TENANT) -> list[ThingLineRow]:
    return [
        ThingLineRow(tenant_id=tenant_id, thing_id=thing(n), line=line, color="red")
        for line in range(LINES)
    ]


@pytest.fixture
async def database(
    make_database: Callable[..., str], platform_template: str
) -> AsyncIterator[Database]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped.
    table = table_of(ThingLineRow)
    statements = [str(CreateTable(table).compile(dialect=dialect))]
    statements += [str(CreateIndex(one).compile(dialect=dialect)) for one in table.indexes]
    statements += protection_of(table.name)
    made = Database(make_database(statements, template=platform_template))
    yield made
    await made.close()


class Bound:
    """One connection as a projection has it, bound to tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = RowStore([MODEL])

    async def __aenter__(self) -> Bound:
        self.connection = await self._database.own_connection("test rows")
        await self.connection.execute(SESSION)
        await self.connection.execute(f"SET app.tenants = '{{{TENANT},{OTHER}}}'")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.close()

    async def put(self, rows: list[ThingLineRow]) -> None:
        made = Rows()
        for one in rows:
            made.put(one)
        await self._store.store(self.connection, made)

    async def drop(self, *keys: tuple[UUID, UUID, int]) -> None:
        made = Rows()
        for key in keys:
            made.drop(ThingLineRow, key)
        await self._store.store(self.connection, made)

    async def load(self, *keys: tuple[UUID | int, ...]) -> Rows:
        loaded = Rows()
        await self._store.load(self.connection, loaded, [Need(ThingLineRow, key) for key in keys])
        return loaded

    async def indexes_of(self, statement: str, *keys: tuple[UUID | int, ...]) -> set[str]:
        """The indexes that the statement's plan reads."""
        columns = [list(column) for column in zip(*keys, strict=True)]
        plan = await self.connection.fetch(f"EXPLAIN {statement}", *columns)
        text = "\n".join(line for (line,) in plan)
        return set(re.findall(r"Scan using (\w+)", text))


@pytest.mark.connected
class TestRowsOfAnUnanalyzedTable:
    @pytest.mark.parametrize("things", [0, 10, THINGS])
    async def test_are_found_by_the_primary_key_alone(
        self, database: Database, things: int
    ) -> None:
        async with Bound(database) as bound:
            await bound.put([line for n in range(things) for line in lines_of(n)])
            asked = [(TENANT, thing(n), 1) for n in range(2_000)]

            plans = [
                await bound.indexes_of(SQL.select(3), *asked),
                await bound.indexes_of(SQL.select(2), *(key[:2] for key in asked)),
                await bound.indexes_of(SQL.delete(), *asked),
            ]

        assert plans == [{"thing_line_pkey"}] * 3

    async def test_are_those_of_the_keys_and_of_the_beginnings_of_keys(
        self, database: Database
    ) -> None:
        async with Bound(database) as bound:
            await bound.put([*lines_of(1), *lines_of(2), *lines_of(1, OTHER)])

            rows = await bound.load((TENANT, thing(1)), (TENANT, thing(2), 1), (TENANT, thing(3)))

            assert rows.below(ThingLineRow, (TENANT, thing(1))) == lines_of(1)
            assert rows.get(ThingLineRow, (TENANT, thing(2), 1)) == lines_of(2)[1]
            assert rows.below(ThingLineRow, (TENANT, thing(3))) == []
            assert len(rows.all(ThingLineRow)) == LINES + 1

    async def test_go_one_by_one_when_they_are_dropped(self, database: Database) -> None:
        async with Bound(database) as bound:
            await bound.put([*lines_of(1), *lines_of(1, OTHER)])

            await bound.drop((TENANT, thing(1), 0), (OTHER, thing(1), 2), (TENANT, thing(9), 0))
            rows = await bound.load((TENANT, thing(1)), (OTHER, thing(1)))

        assert rows.below(ThingLineRow, (TENANT, thing(1))) == lines_of(1)[1:]
        assert rows.below(ThingLineRow, (OTHER, thing(1))) == lines_of(1, OTHER)[:2]
