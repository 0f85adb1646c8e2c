"""Holds driver connections for loops, and says what a failed one means. No SQL here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import asyncpg
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InvalidRequestError,
    PendingRollbackError,
)
from sqlalchemy.exc import TimeoutError as PoolExhausted

from shared.kernel.decider import NotWritten, OutcomeUnknown, Overloaded
from shared.platform.observability.throttled_log import ThrottledLog

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

RECONNECT_S: Final = 0.5  # after a connection that failed
PROBE_S: Final = 5.0  # between two questions whether a listening connection is alive
PROBE_TIMEOUT_S: Final = 5.0  # a listening connection that is silent for longer is dead

_TRANSIENT: Final = (
    OSError,  # LogUnavailable among them.
    TimeoutError,
    NotWritten,
    OutcomeUnknown,
    Overloaded,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # The driver was told of the end, and has not noticed it yet.
    asyncpg.PostgresConnectionError,
    asyncpg.TransactionRollbackError,  # 40001, 40P01
    asyncpg.OperatorInterventionError,  # 57P01 and its kin
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.CannotConnectNowError,
    PoolExhausted,
    DisconnectionError,
    PendingRollbackError,  # SQLAlchemy's, for what is asked after the connection was lost.
)

# What a pool says, in an InvalidRequestError, when the connections it opened were ended at once.
_CLOSED_AGAIN: Final = "This connection is closed"


def is_transient(problem: BaseException) -> bool:
    """Says whether a failure is about the connection, not about what was asked: worth another try.

    The one place that decides it: a worker tries again, a request is answered 503. The driver's
    complaint about an argument is an InterfaceError too, and a ValueError. What came through
    SQLAlchemy is judged by what the driver said.
    """
    if isinstance(problem, DBAPIError):
        return problem.connection_invalidated or is_transient(driver_problem(problem))
    if type(problem) is InvalidRequestError:  # Most of them are mistakes of ours.
        return str(problem) == _CLOSED_AGAIN
    return isinstance(problem, _TRANSIENT) and not isinstance(problem, ValueError)


def driver_problem(problem: BaseException) -> BaseException:
    """Unwraps what the driver raised from the two layers that SQLAlchemy puts around it."""
    original = problem.orig if isinstance(problem, DBAPIError) else None
    if original is None:
        return problem
    return original.__cause__ or original


class HeldConnection:
    """Holds one connection, opened when first needed and again after it broke.

    For one loop at a time.
    """

    def __init__(self, connect: Callable[[], Awaitable[Driver]]) -> None:
        self._connect = connect
        self._connection: Driver | None = None

    async def get(self) -> Driver:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        return self._connection

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Driver]:
        """Lends the connection.

        It is thrown away when the block fails, so that nothing half done is left.
        """
        connection = await self.get()
        try:
            yield connection
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(asyncpg.PostgresError, *_TRANSIENT):
                await self._connection.close(timeout=1.0)
            self.drop()


class Listening:
    """Listens on some channels, on one connection per process and database.

    A lost notification costs one poll interval, so a broken connection is only opened again.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Driver]],
        channels: Mapping[str, Callable[[], None]],
    ) -> None:
        self._connect = connect
        self._channels = channels
        self._log = ThrottledLog(__name__)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="listen")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:  # Until stop().
            connection: Driver | None = None
            try:
                connection = await self._connect()
                for channel, notify in self._channels.items():
                    await connection.add_listener(channel, _without_arguments(notify))
                    notify()  # What was sent before we listened.
                await self._stay(connection)
            except Exception as problem:  # Whatever it is, the next connection listens again.
                if is_transient(problem):
                    self._log.warning("listening interrupted", problem=type(problem).__name__)
                else:
                    self._log.error("listening failed", problem)
                await asyncio.sleep(RECONNECT_S)
            finally:
                if connection is not None:
                    connection.terminate()

    async def _stay(self, connection: Driver) -> None:
        while not connection.is_closed():
            await asyncio.sleep(PROBE_S)
            await connection.execute("SELECT 1", timeout=PROBE_TIMEOUT_S)


def _without_arguments(notify: Callable[[], None]) -> Callable[..., None]:
    return lambda connection, pid, channel, payload: notify()
