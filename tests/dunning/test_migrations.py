"""The first schema is that of the read models, column by column."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from services.dunning.runtime.settings import Settings
from services.dunning.runtime.wiring import service
from shared.platform.database.pools import Database
from shared.platform.hosting.settings import PlatformSettings

pytestmark = pytest.mark.connected

COLUMNS = sa.text("""
SELECT column_name, upper(data_type), is_nullable = 'YES' FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name = :table ORDER BY ordinal_position""")
PROTECTED = sa.text("""
SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relname = :table""")
INDEXES = sa.text("SELECT indexname FROM pg_indexes WHERE tablename = :table")


async def test_every_read_model_has_its_table(
    make_database: Callable[..., str], dunning_template: str
) -> None:
    database = Database(make_database(template=dunning_template))
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped.
    dunning = service(Settings.of(PlatformSettings()))
    async with database.unbound() as connection:
        for model in (model for one in dunning.projections for model in one.models):
            expected = [
                (column.name, column.type.compile(dialect=dialect), bool(column.nullable))
                for column in model.table.columns
            ]
            found = await connection.execute(COLUMNS, {"table": model.name})
            assert [tuple(row) for row in found] == expected, model.name
            protected = await connection.execute(PROTECTED, {"table": model.name})
            assert protected.scalar_one() is True, model.name
            indexes = set((await connection.execute(INDEXES, {"table": model.name})).scalars())
            assert {index.name for index in model.table.indexes} <= indexes, model.name
    await database.close()
