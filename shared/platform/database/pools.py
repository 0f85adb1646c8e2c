"""Opens one service's database: a pool bound to tenants, and connections outside the pool.

Every connection runs as the application role, never as the owner of the tables.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from uuid import UUID

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

if TYPE_CHECKING:
    Driver = asyncpg.Connection[asyncpg.Record]

APP_ROLE: Final = "duebook_app"
POOL_SIZE: Final = 5  # connections a process keeps for queries and workers
POOL_OVERFLOW_MAX: Final = 10  # connections beyond it, closed when they come back
CONNECT_TIMEOUT_S: Final = 5.0  # for a new connection; a server that hangs counts as away
COMMAND_TIMEOUT_S: Final = 30.0  # for one statement
IDLE_IN_TRANSACTION_S_MAX: Final = 5  # shorter than the writer asks for the outcome of a COMMIT
LOCK_TIMEOUT_S: Final = 5  # for one lock; who waits longer gives up and tries again


class Database:
    """`url` is a libpq address: postgresql://user@host/name or …@/name?host=/socket/folder."""

    def __init__(self, url: str, *, app_role: str = APP_ROLE, pool_size: int = POOL_SIZE) -> None:
        self.url = url
        self._settings = {"role": app_role, "timezone": "UTC"}
        self.engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=pool_size,
            max_overflow=POOL_OVERFLOW_MAX,
            pool_pre_ping=False,
            hide_parameters=True,  # They may be personal, and errors are logged.
            connect_args={
                "server_settings": self._settings,
                "command_timeout": COMMAND_TIMEOUT_S,
                "timeout": CONNECT_TIMEOUT_S,
            },
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)

    @asynccontextmanager
    async def bound(
        self, tenants: Collection[UUID], *, snapshot: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        """Opens a transaction that sees these tenants' rows only; commits unless it raises.

        With `snapshot` it is read only and every statement sees the same instant.
        """
        async with self.engine.connect() as connection:
            if snapshot:
                await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            async with connection.begin():
                await bind(connection, tenants)
                yield connection

    @asynccontextmanager
    async def unbound(self) -> AsyncIterator[AsyncConnection]:
        """Opens a transaction without tenants: for cursors, leases, timers, outbox, clock."""
        async with self.engine.begin() as connection:
            yield connection

    async def own_connection(self, name: str) -> Driver:
        """Opens a driver connection outside the pool; its user closes it.

        `name` shows in pg_stat_activity.
        """
        connection: Driver = await asyncpg.connect(
            self.url,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings={
                **self._settings,
                "application_name": name,
                "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_S_MAX}s",
                "lock_timeout": f"{LOCK_TIMEOUT_S}s",
            },
        )
        return connection

    async def close(self) -> None:
        await self.engine.dispose()


def _refuse_closed(
    connection: DBAPIConnection, record: ConnectionPoolEntry, checkout: PoolProxiedConnection
) -> None:
    """Refuses a connection that the server ended while it was idle: the pool opens another one.

    The pool itself notices only what fails in a statement of its own, and so would give out for
    ever a connection that is used through the driver.
    """
    driver_connection = record.driver_connection
    if driver_connection is None or driver_connection.is_closed():
        raise DisconnectionError


async def bind(connection: AsyncConnection, tenants: Collection[UUID]) -> None:
    """Binds the transaction to these tenants: row-level security shows no others."""
    await connection.execute(
        text("SELECT set_config('app.tenants', :tenants, true)"),
        {"tenants": "{" + ",".join(sorted(str(tenant) for tenant in tenants)) + "}"},
    )


async def driver(connection: AsyncConnection) -> Driver:
    """Gives the asyncpg connection below, in the same transaction: for set-wise statements."""
    raw = await connection.get_raw_connection()
    found: Driver = raw.driver_connection  # type: ignore[assignment] # SQLAlchemy types it as Any | None
    return found
