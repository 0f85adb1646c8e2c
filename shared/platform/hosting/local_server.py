"""Finds the PostgreSQL server to work with: the one in the settings, else an embedded one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from shared.platform.database.embedded.folders import default_folder
from shared.platform.database.embedded.server import EmbeddedServer, running_url
from shared.platform.database.migrations import MAINTENANCE_DATABASE, create_database, migrate
from shared.platform.hosting.preconditions import refusals_said
from shared.platform.hosting.runtime import Runtime
from shared.platform.hosting.settings import LOG_DATABASE, PlatformSettings

Runtimes = Collection[Runtime[Any]]


@contextmanager
def server_for(settings: PlatformSettings, runtimes: Runtimes) -> Iterator[PlatformSettings]:
    """Fills folder and server into the settings. An embedded server is stopped at the end.

    None is started where the log and these services all have a database of their own.
    """
    folder = settings.data or default_folder()
    placed = settings.model_copy(update={"data": folder})
    if settings.database_url is not None or not needs_server(settings, runtimes):
        yield placed
        return
    with EmbeddedServer.start(folder) as server:
        yield placed.model_copy(update={"database_url": server.url(MAINTENANCE_DATABASE)})


@contextmanager
def server_beside(settings: PlatformSettings, runtimes: Runtimes) -> Iterator[PlatformSettings]:
    """Does what server_for does, beside a system that is up on the same folder and goes on."""
    folder = settings.data or default_folder()
    url = settings.database_url or running_url(folder, MAINTENANCE_DATABASE)
    if url is None or not needs_server(settings, runtimes):
        with server_for(settings, runtimes) as ready:
            yield ready
    else:
        yield settings.model_copy(update={"data": folder, "database_url": url})


def needs_server(settings: PlatformSettings, runtimes: Runtimes) -> bool:
    """Says whether the log or one of these services has no database of its own."""
    return settings.log_needs_server or any(one.needs_server for one in runtimes)


def make_log_database(settings: PlatformSettings) -> None:
    """Makes the log's database where the server is ours. The log makes its tables itself."""
    if settings.log_needs_server:
        with refusals_said(LOG_DATABASE):
            create_database(settings.log_url)


def migrate_service(settings: PlatformSettings, runtime: Runtime[Any]) -> None:
    """Makes the service's database where it is ours to make, and brings it up to date.

    Raises DatabaseRefused.
    """
    url = runtime.database_url(settings)
    with refusals_said(runtime.name):
        if runtime.needs_server:
            create_database(url)
        migrate(url, runtime.migrations)
