"""Migrates the schema of one service, as the owner of its tables, one process at a time.

Two chains in one database: the platform's tables first, then the service's own. Each has a table of
its own that says how far it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import asyncpg
from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.platform.database.pools import APP_ROLE

MIGRATION_LOCK: Final = 0x64756562  # advisory; held while a database is migrated
MAINTENANCE_DATABASE: Final = "postgres"
PLATFORM: Final = Path(__file__).parents[1] / "store" / "migrations"
PLATFORM_VERSION: Final = "platform_version"
SERVICE_VERSION: Final = "service_version"


def migrate(url: str, folder: Path) -> None:
    """Brings the database to the newest version of the platform's and of the folder's migrations.

    Not from inside a running event loop: alembic's environment runs one of its own.
    """
    for chain, table in ((PLATFORM, PLATFORM_VERSION), (folder, SERVICE_VERSION)):
        config = _config(chain)
        config.attributes.update(url=url, version_table=table)
        command.upgrade(config, "head")


def newest_of_both(folder: Path) -> Mapping[str, str]:
    """Gives for each chain's table the revision it must be at: the platform's and the folder's."""
    return {PLATFORM_VERSION: newest(PLATFORM), SERVICE_VERSION: newest(folder)}


def newest(folder: Path) -> str:
    """The revision that the migrations in the folder lead to."""
    head = ScriptDirectory.from_config(_config(folder)).get_current_head()
    assert head is not None  # A service has a first migration.
    return head


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


def run_environment() -> None:
    """Does all that a service's migrations/env.py has to do."""
    attributes = context.config.attributes
    asyncio.run(_run(str(attributes["url"]), str(attributes["version_table"])))


async def _run(url: str, version_table: str) -> None:
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(lambda found: _migrate(found, version_table))
            await connection.commit()
    finally:
        await engine.dispose()


def _migrate(connection: Connection, version_table: str) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    context.configure(connection=connection, target_metadata=None, version_table=version_table)
    with context.begin_transaction():
        context.run_migrations()
        # Every process looks whether the schema is the one it needs.
        connection.execute(text(f"GRANT SELECT ON {version_table} TO {APP_ROLE}"))


def create_database(url: str) -> None:
    """Makes the database the address names, if it is missing."""
    asyncio.run(_create(url))


async def _create(url: str) -> None:
    wanted = make_url(url)
    server = wanted.set(database=MAINTENANCE_DATABASE).render_as_string(hide_password=False)
    connection = await asyncpg.connect(server)
    try:
        if await connection.fetchval(
            "SELECT true FROM pg_database WHERE datname = $1", wanted.database
        ):
            return
        await connection.execute(f'CREATE DATABASE "{wanted.database}"')
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        return  # Somebody was faster.
    finally:
        await connection.close()
