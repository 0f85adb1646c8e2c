"""The migration makes the tables that the read models describe."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from services.credit.contract.tables import METADATA
from services.credit.files.projections import credit_files
from services.credit.lines.projections import exposure
from services.credit.scorecards.projections import behavior
from shared.platform.database.pools import Database

pytestmark = pytest.mark.connected

MODELS = [*behavior.READ_MODEL.models, *exposure.READ_MODEL.models, *credit_files.READ_MODEL.models]


async def test_every_table_has_the_columns_key_and_indexes_of_its_model(
    make_database: Callable[..., str], credit_template: str
) -> None:
    database = Database(make_database(template=credit_template))
    try:
        async with database.unbound() as connection:
            for model in MODELS:
                await connection.run_sync(_compare, model.table)
    finally:
        await database.close()


async def test_every_table_shows_its_rows_to_their_tenant_only(
    make_database: Callable[..., str], credit_template: str
) -> None:
    database = Database(make_database(template=credit_template))
    try:
        async with database.unbound() as connection:
            found = await connection.execute(
                sa.text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
            )
            assert set(METADATA.tables) <= set(found.scalars())
    finally:
        await database.close()


def _compare(connection: sa.Connection, table: sa.Table) -> None:
    inspector = sa.inspect(connection)
    found = inspector.get_columns(table.name)
    dialect = connection.dialect
    assert [
        (column["name"], column["type"].compile(dialect), column["nullable"]) for column in found
    ] == [
        (column.name, column.type.compile(dialect), bool(column.nullable))
        for column in table.columns
    ]
    assert inspector.get_pk_constraint(table.name)["constrained_columns"] == [
        column.name for column in table.primary_key.columns
    ]
    assert {index["name"] for index in inspector.get_indexes(table.name)} == {
        index.name for index in table.indexes
    }
