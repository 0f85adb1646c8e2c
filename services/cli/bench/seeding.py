"""Fills the read models of a service's empty database with books that no event tells of.

What is measured on are reads, and a log of ten million events would take hours to fold. Rows are
written set-wise before there is an index, which is made again afterwards; all in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Final
from uuid import UUID

import asyncpg

from services.cli.bench.seeded_books import COLUMNS, SEEDED, SeededBooks, accounts_of, items_of
from services.cli.bench.speeds import BenchFailed

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

SORT_MB: Final = 256  # MB to sort an index in
# What a system that is up writes before anybody asks it for anything.
OF_NOBODY: Final = ("platform_version", "service_version", "es_lease", "es_cursor", "domain_clock")

Statements = Mapping[str, str]  # table -> the query that gives its rows, as INSERT takes them

_WRITTEN: Final = """
SELECT relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> ALL($1)
   AND pg_relation_size(oid) > 0
 ORDER BY relname"""
_INDEXES: Final = """
SELECT c.relname AS name, k.conname, pg_get_indexdef(i.indexrelid) AS index,
       pg_get_constraintdef(k.oid) AS constraint
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid
 WHERE i.indrelid = $1::regclass
 ORDER BY c.relname"""

_LAST_DAY: Final = "SELECT max(last_on) FROM open_item WHERE tenant_id = $1 AND legal_entity = $2"


class BooksNotEmpty(BenchFailed):
    """A database has rows already: it is not touched."""


class BooksMissing(BenchFailed):
    """A database was not seeded."""


async def seed(url: str, books: SeededBooks, rows: Callable[[SeededBooks], Statements]) -> None:
    """Writes the rows as the owner of the tables. Raises BooksNotEmpty."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await _refuse_written(connection)
            await _prepare(connection, books)
            for table, query in rows(books).items():
                await _fill(connection, table, query)
        await connection.execute("VACUUM ANALYZE")  # As autovacuum would, sooner or later.
    finally:
        await connection.close()


async def day_of(url: str, tenant_id: UUID) -> date:
    """The day the seeded books stand on. Raises BooksMissing."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT set_config('app.tenants', $1, false)", f"{{{tenant_id}}}")
        day: date | None = await connection.fetchval(_LAST_DAY, tenant_id, SEEDED)
    finally:
        await connection.close()
    if day is None:
        raise BooksMissing("no seeded books are there: run `duebook bench seed`")
    return day


async def _refuse_written(connection: Driver) -> None:
    """A table that ever had a row is not empty, whatever tenant's rows it has."""
    found = await connection.fetch(_WRITTEN, OF_NOBODY)
    if found:
        names = ", ".join(row["relname"] for row in found)
        database = await connection.fetchval("SELECT current_database()")
        raise BooksNotEmpty(f"{database} has rows in {names}; seed one that is empty")


async def _prepare(connection: Driver, books: SeededBooks) -> None:
    await connection.execute(f"SET LOCAL maintenance_work_mem = '{SORT_MB}MB'")
    await connection.execute("SELECT set_config('app.tenants', $1, true)", f"{{{books.tenant_id}}}")
    await connection.execute(f"CREATE TEMP TABLE seed_account ({COLUMNS}) ON COMMIT DROP")
    await connection.copy_records_to_table("seed_account", records=accounts_of(books))
    await connection.execute("ANALYZE seed_account")
    await connection.execute(f"CREATE TEMP VIEW seed_item AS {items_of(books)}")


async def _fill(connection: Driver, table: str, query: str) -> None:
    indexes = await connection.fetch(_INDEXES, table)
    for index in indexes:
        if index["conname"]:
            await connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{index["conname"]}"')
        else:
            await connection.execute(f'DROP INDEX "{index["name"]}"')
    await connection.execute(f"INSERT INTO {table} {query}")
    for index in indexes:
        if index["conname"]:
            await connection.execute(
                f'ALTER TABLE {table} ADD CONSTRAINT "{index["conname"]}" {index["constraint"]}'
            )
        else:
            await connection.execute(index["index"])
