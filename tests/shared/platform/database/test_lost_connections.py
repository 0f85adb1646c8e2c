"""A lost connection, however it shows itself, is worth another try; a mistake of ours is not."""

from __future__ import annotations

from typing import Final

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from shared.platform.database.connections import is_transient
from shared.platform.http import answers


def wrapped(driver: BaseException, *, invalidated: bool = False) -> DBAPIError:
    """As SQLAlchemy gives what the driver raised: its own error around the dialect's."""
    dialects = Exception("of the dialect")
    dialects.__cause__ = driver
    found = InterfaceError("SELECT 1", (), dialects)
    found.connection_invalidated = invalidated
    return found


STATE: Final = "cannot switch to state 12; another operation (2) is in progress"
RAW: Final[tuple[Exception, ...]] = (
    asyncpg.InternalClientError(STATE),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.ConnectionFailureError("08006"),
    asyncpg.AdminShutdownError("57P01"),
    asyncpg.CrashShutdownError("57P02"),
    asyncpg.CannotConnectNowError("57P03"),
    asyncpg.TooManyConnectionsError("53300"),
    asyncpg.SerializationError("40001"),
    asyncpg.DeadlockDetectedError("40P01"),
    ConnectionResetError("reset by peer"),
    BrokenPipeError("broken pipe"),
    TimeoutError("too slow"),
)
LOST: Final[tuple[Exception, ...]] = (
    *RAW,
    *(wrapped(one) for one in RAW),
    wrapped(Exception("unknown"), invalidated=True),
    PoolExhausted("no connection is free"),
    DisconnectionError("closed"),
    PendingRollbackError("invalid transaction"),
)
OURS: Final[tuple[Exception, ...]] = (
    asyncpg.UndefinedTableError("42P01"),
    asyncpg.UniqueViolationError("23505"),
    wrapped(asyncpg.UndefinedTableError("42P01")),
    wrapped(asyncpg.UniqueViolationError("23505")),
)


def name_of(problem: Exception) -> str:
    inner = problem.orig.__cause__ if isinstance(problem, DBAPIError) and problem.orig else None
    return f"{type(problem).__name__} of {type(inner).__name__}" if inner else repr(problem)[:40]


async def answered(problem: Exception) -> httpx.Response:
    """What a request is answered that meets it."""
    app = FastAPI()
    answers.install(app)

    @app.get("/")
    async def ask() -> None:
        raise problem

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        return await client.get("/")


@pytest.mark.parametrize("problem", LOST, ids=name_of)
class TestLost:
    def test_is_tried_again_by_a_worker(self, problem: Exception) -> None:
        assert is_transient(problem)

    async def test_is_answered_503_with_when_to_try_again(self, problem: Exception) -> None:
        response = await answered(problem)

        assert (response.status_code, "retry-after" in response.headers) == (503, True)


@pytest.mark.parametrize("problem", OURS, ids=name_of)
class TestOurs:
    def test_is_not_tried_again(self, problem: Exception) -> None:
        assert not is_transient(problem)

    async def test_is_a_bug(self, problem: Exception) -> None:
        assert (await answered(problem)).status_code == 500
