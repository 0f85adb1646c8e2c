"""Lists how a lost connection shows itself, and what only looks like one."""

from __future__ import annotations

from typing import Final, NoReturn

import asyncpg
from asyncpg.exceptions import _base
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.asyncpg import (
    AsyncAdapt_asyncpg_connection,
    PGDialect_asyncpg,
)
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InvalidRequestError,
    PendingRollbackError,
)
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.pool import QueuePool


def wrapped(driver: Exception, *, invalidated: bool = False) -> Exception:
    """Wraps what the driver raised as SQLAlchemy does: through its dialect, if that knows it."""
    dbapi = PGDialect_asyncpg.import_dbapi()  # type: ignore[no-untyped-call] # SQLAlchemy does not type it.
    try:
        AsyncAdapt_asyncpg_connection._handle_exception_no_connection(dbapi, driver)
    except dbapi.Error as dialects:
        found: DBAPIError = DBAPIError.instance(
            "SELECT 1", (), dialects, dbapi.Error, connection_invalidated=invalidated
        )
        return found
    except Exception as unknown:
        return unknown


def closed_again() -> Exception:
    """Makes the error of a pool whose every connection is ended before it is used."""

    class Ended:
        def rollback(self) -> None: ...

        def close(self) -> None: ...

    pool = QueuePool(Ended)  # type: ignore[arg-type] # Nothing else is asked of it.
    event.listen(pool, "checkout", _ended)
    try:
        pool.connect()
    except InvalidRequestError as problem:
        return problem
    raise AssertionError("it gave one out")


def _ended(*_: object) -> NoReturn:
    raise DisconnectionError


RAW: Final[tuple[Exception, ...]] = (
    asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    asyncpg.ProtocolError("unexpected message"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.ConnectionFailureError("08006"),
    asyncpg.AdminShutdownError("57P01"),
    asyncpg.CrashShutdownError("57P02"),
    asyncpg.CannotConnectNowError("57P03"),
    asyncpg.IdleSessionTimeoutError("57P05"),
    asyncpg.QueryCanceledError("57014"),
    asyncpg.TooManyConnectionsError("53300"),
    asyncpg.SerializationError("40001"),
    asyncpg.DeadlockDetectedError("40P01"),
    ConnectionResetError("reset by peer"),
    BrokenPipeError("broken pipe"),
    OSError("no route to host"),
    TimeoutError("too slow"),
)
LOST: Final[tuple[Exception, ...]] = (
    *RAW,
    *(wrapped(one) for one in RAW if not isinstance(one, OSError)),
    wrapped(asyncpg.PostgresError("unknown"), invalidated=True),
    PoolExhausted("no connection is free"),
    DisconnectionError("closed"),
    PendingRollbackError("invalid transaction"),
    closed_again(),
)
_MISTAKES: Final[tuple[Exception, ...]] = (
    asyncpg.UndefinedTableError("42P01"),
    asyncpg.UniqueViolationError("23505"),
    asyncpg.DataError("22000"),
    _base.DataError("an argument that the driver cannot encode"),  # An InterfaceError, too.
    asyncpg.PostgresError("unknown"),
)
OURS: Final[tuple[Exception, ...]] = (
    *_MISTAKES,
    *(wrapped(one) for one in _MISTAKES),
    InvalidRequestError("This transaction is inactive"),
)


def name_of(problem: Exception) -> str:
    inner = problem.orig.__cause__ if isinstance(problem, DBAPIError) and problem.orig else None
    outer = type(problem).__name__
    return f"{outer} of {type(inner).__name__}" if inner else f"{outer} {str(problem)[:20]}"
