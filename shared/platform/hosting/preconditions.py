"""Checks what must be there before a process works: its database, its schema, its topics.

What is only away is waited for; what is wrong is said in one line, and ends the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError

from shared.platform.database.connections import driver_problem, is_transient
from shared.platform.database.pools import Database, driver
from shared.platform.log.port import EventLog, LogUnavailable, TopicSpec, UnknownTopic
from shared.platform.observability.throttled_log import ThrottledLog

PAUSE_S: Final = 0.5  # between two attempts to reach what is away


class SchemaMismatch(Exception):
    """The database was not migrated to the revision that this program needs."""


class DatabaseRefused(Exception):
    """The server says no to a name, a login or a right, or nothing answers at the address."""


_REFUSALS: Final = (
    OSError,
    asyncpg.InvalidAuthorizationSpecificationError,  # A password that is wrong is one.
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
)


@contextmanager
def refusals_said(name: str) -> Iterator[None]:
    """Turns what an operator can mend into DatabaseRefused; what is a bug keeps its traceback."""
    try:
        yield
    except (DBAPIError, *_REFUSALS) as problem:
        cause = driver_problem(problem)
        if not isinstance(cause, _REFUSALS):
            raise
        is_missing = isinstance(cause, asyncpg.InvalidCatalogNameError)
        hint = f": run `duebook migrate {name}`" if is_missing else ""
        raise DatabaseRefused(f"{name}'s database: {cause}{hint}") from problem


class _Complaint:
    """Says what is away, now and then."""

    def __init__(self, service: str, missing: str) -> None:
        self._service = service
        self._missing = missing
        self._log = ThrottledLog(__name__)

    async def pause(self, problem: BaseException) -> None:
        self._log.warning(
            "waiting",
            service=self._service,
            missing=self._missing,
            problem=type(problem).__name__,
        )
        await asyncio.sleep(PAUSE_S)


async def await_database(service: str, database: Database) -> None:
    """Waits until it takes connections.

    Raises DatabaseRefused: a wrong password is not waited for.
    """
    complaint = _Complaint(service, "database")
    with refusals_said(service):
        while True:  # Until it answers, or the process is told to end.
            try:
                async with database.engine.connect() as connection:
                    await (await driver(connection)).execute("SELECT 1")
            except Exception as problem:
                if not is_transient(problem):
                    raise
                await complaint.pause(driver_problem(problem))
            else:
                return


async def check_revision(service: str, database: Database, wanted: Mapping[str, str]) -> None:
    """Compares each chain's revision with the `wanted` one of its table. Raises SchemaMismatch."""
    for table, revision in wanted.items():
        async with database.engine.connect() as connection:
            try:
                found = await (await driver(connection)).fetchval(
                    f"SELECT version_num FROM {table}"
                )
            except asyncpg.UndefinedTableError:
                found = None
        if found != revision:
            raise SchemaMismatch(
                f"{service}'s database is at revision {found or 'none'} ({table}), this program"
                f" needs {revision}: run `duebook migrate {service}`"
            )


async def await_topics(
    service: str, log: EventLog, topics: Sequence[TopicSpec], *, makes_them: bool
) -> None:
    """Waits until the log says that all are as they must be. Raises UnknownTopic, TopicMismatch."""
    complaint = _Complaint(service, "log")
    while True:  # Until the log answers, or the process is told to end.
        try:
            await (log.create(topics) if makes_them else verify_topics(log, topics))
        except LogUnavailable as problem:
            await complaint.pause(problem)
        else:
            return


async def verify_topics(log: EventLog, topics: Sequence[TopicSpec]) -> None:
    """Looks at the topics. Raises UnknownTopic, which says what makes them, or TopicMismatch."""
    try:
        await log.verify(topics)
    except UnknownTopic as problem:
        raise UnknownTopic(f"{problem} is not there: run `duebook topics apply`") from problem
