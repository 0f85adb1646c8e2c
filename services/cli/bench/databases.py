"""Runs services in this process on a PostgreSQL of their own, each round from a kept state."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import asyncpg

from services.cli.bench.speeds import BenchFailed
from services.cli.installed import chosen
from shared.platform.database.embedded.server import temporary_folder
from shared.platform.hosting.host import Host
from shared.platform.hosting.local_server import make_log_database, migrate_service, server_for
from shared.platform.hosting.runtime import Role, Runtime
from shared.platform.hosting.serving import GC_THRESHOLDS
from shared.platform.hosting.settings import PlatformSettings

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

SETTLE_S_MAX: Final = 1800.0  # until all that waits in a service is done
FILLING: Final = Role(works=False, makes_topics=True)
WORKING: Final = Role(api=False, makes_topics=True)


class Databases:
    """Databases of services and log on one server. A kept one is a copy to begin again from."""

    def __init__(self, settings: PlatformSettings) -> None:
        self.settings = settings

    async def keep(self, name: str, kept: str) -> None:
        """Keeps the database of a service as it is now, under a name of its own."""
        await self._copy(f"duebook_{name}", f"kept_{kept}")

    async def begin(self, name: str, kept: str) -> None:
        """Gives a service the database that was kept, in place of the one it has."""
        await self._copy(f"kept_{kept}", f"duebook_{name}")

    async def empty(self, name: str) -> None:
        """Gives it a database with nothing in it, in place of the one it has."""
        await self._copy("template1", f"duebook_{name}")

    @asynccontextmanager
    async def connected(self, name: str) -> AsyncIterator[Driver]:
        """A connection to the database of a service, as its owner."""
        connection = await asyncpg.connect(self.settings.database_url_of(name))
        try:
            yield connection
        finally:
            await connection.close()

    async def _copy(self, source: str, target: str) -> None:
        await self._execute(
            f"DROP DATABASE IF EXISTS {target} WITH (FORCE)",
            f"CREATE DATABASE {target} TEMPLATE {source}",
        )

    async def _execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.settings.database_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@asynccontextmanager
async def databases(*names: str, clock_start: datetime | None = None) -> AsyncIterator[Databases]:
    """Migrated databases of these services and a log, on a server in a fresh folder.

    With `clock_start` the domain clock is moved by hand.
    """
    runtimes = chosen(*names)
    clock: Literal["manual", "system"] = "manual" if clock_start else "system"
    with temporary_folder() as folder:
        given = PlatformSettings(data=folder, clock=clock, clock_start=clock_start)
        with server_for(given, runtimes) as placed:
            await asyncio.to_thread(make_log_database, placed)
            for runtime in runtimes:
                await asyncio.to_thread(migrate_service, placed, runtime)
            yield Databases(placed)


@asynccontextmanager
async def running(
    settings: PlatformSettings, runtime: Runtime[Any], role: Role
) -> AsyncIterator[Host]:
    """The service in this process, stopped at the end."""
    host = runtime.host(settings, role=role)
    try:
        await host.start()
        yield host
    finally:
        await host.stop()


def only(runtime: Runtime[Any], *projections: str) -> Runtime[Any]:
    """The service with these of its projections, and neither reactions nor effects."""

    def make(settings: Any) -> Any:
        service = runtime.make(settings)
        chosen = [one for one in service.projections if one.name in projections]
        return replace(service, projections=chosen, reactions=(), effects=())

    return replace(runtime, make=make)


def projections_of(settings: PlatformSettings, runtime: Runtime[Any]) -> Sequence[str]:
    """The names of a service's projections."""
    return [projection.name for projection in runtime.service(settings).projections]


async def done(host: Host) -> None:
    """Waits until nothing is left to do in the service. Raises BenchFailed."""
    status = await host.workers.settled(SETTLE_S_MAX, lambda: False)
    if status.halted or status.parked:
        raise BenchFailed(f"a worker halted or parked a stream: {status.halted}{status.parked}")
    if not status.is_settled:
        raise BenchFailed(f"something was left to do after {SETTLE_S_MAX:.0f} s")


@contextmanager
def as_served() -> Iterator[Callable[[], None]]:
    """Collects garbage as a process that serves does. Gives what begins anew with what is there."""
    before = gc.get_threshold()

    def begin() -> None:
        gc.collect()
        gc.freeze()

    begin()
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        yield begin
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
