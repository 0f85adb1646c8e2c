"""Writes the revision that brings a migrated database to the declared rows. A person reads it.

Tables that no row declares are left alone: a read model that goes is dropped by hand.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import CreateTableOp, UpgradeOps
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_PAGE: Final = '''\
"""{message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
{imports}
revision = "{revision}"
down_revision = "{previous}"
branch_labels = None
depends_on = None


def upgrade() -> None:
{body}


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
'''
_IMPORTS: Final = "\nfrom shared.platform.store.schema import protect\n"


def write_revision(
    url: str, folder: Path, tables: Sequence[sa.Table], message: str, previous: str
) -> Path | None:
    """Writes a file into the folder's versions; None where database and rows agree."""
    operations = asyncio.run(_difference(url, tables))
    if operations.is_empty():
        return None
    created = [each.table_name for each in operations.ops if isinstance(each, CreateTableOp)]
    body = re.sub(r"^ *# .*\n", "", render_python_code(operations) + "\n", flags=re.MULTILINE)
    lines = [f"    {line}".rstrip() for line in body.strip().splitlines()]
    lines = [re.sub(r"^ {8}(?=op\.)", "    ", line) for line in lines]
    lines += [f'    protect(op, "{name}")' for name in created]
    revision = f"{int(previous) + 1:04}"
    slug = re.sub(r"\W+", "_", message.lower()).strip("_")
    path = folder / "versions" / f"{revision}_{slug}.py"
    path.write_text(
        _PAGE.format(
            message=message,
            imports=_IMPORTS if created else "",
            revision=revision,
            previous=previous,
            body="\n".join(lines),
        ),
        "utf-8",
    )
    return path


async def _difference(url: str, tables: Sequence[sa.Table]) -> UpgradeOps:
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool
    )
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda found: _compare(found, tables))
    finally:
        await engine.dispose()


def _compare(connection: sa.Connection, tables: Sequence[sa.Table]) -> UpgradeOps:
    names = {table.name for table in tables}

    def is_declared(name: str | None, kind: str, parents: Any) -> bool:
        return kind != "table" or name in names

    metadata = sa.MetaData()
    for table in tables:
        table.to_metadata(metadata)
    context = MigrationContext.configure(connection, opts={"include_name": is_declared})
    upgrade = produce_migrations(context, metadata).upgrade_ops
    assert upgrade is not None  # There is one, empty or not, where one metadata is compared.
    return upgrade
