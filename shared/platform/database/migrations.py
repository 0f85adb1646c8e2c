"""Schema migrations of one service, run by the owner of its tables, one process at a time."""

from __future__ import annotations

import asyncio
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

MIGRATION_LOCK: Final = 0x64756562  # advisory; held while a database is migrated
MAINTENANCE_DATABASE: Final = "postgres"


def migrate(url: str, folder: Path) -> None:
    """Brings the database to the newest version of the migrations in the folder.

    Not from inside a running event loop: alembic's environment runs one of its own.
    """
    config = _config(folder)
    config.attributes["url"] = url
    command.upgrade(config, "head")


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
    """All that a service's migrations/env.py has to do."""
    asyncio.run(_run(str(context.config.attributes["url"])))


async def _run(url: str) -> None:
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate)
            await connection.commit()
    finally:
        await engine.dispose()


def _migrate(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()


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
