"""The PostgreSQL server to work with: the one the settings name, else an embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.platform.database.embedded.folders import default_folder
from shared.platform.database.embedded.server import EmbeddedServer, running_url
from shared.platform.database.migrations import MAINTENANCE_DATABASE, create_database, migrate
from shared.platform.hosting.preconditions import refusals_said
from shared.platform.hosting.settings import LOG_DATABASE, PlatformSettings


@contextmanager
def server_for(settings: PlatformSettings) -> Iterator[PlatformSettings]:
    """The settings with folder and server filled in. An embedded server is stopped at the end.

    None is started where every database is named.
    """
    folder = settings.data or default_folder()
    placed = settings.model_copy(update={"data": folder})
    if settings.database_url is not None or settings.names_all_databases:
        yield placed
        return
    with EmbeddedServer.start(folder) as server:
        yield placed.model_copy(update={"database_url": server.url(MAINTENANCE_DATABASE)})


@contextmanager
def server_beside(settings: PlatformSettings) -> Iterator[PlatformSettings]:
    """As server_for, but beside a system that is up on the same folder; that one goes on."""
    folder = settings.data or default_folder()
    url = settings.database_url or running_url(folder, MAINTENANCE_DATABASE)
    if url is None or settings.names_all_databases:
        with server_for(settings) as ready:
            yield ready
    else:
        yield settings.model_copy(update={"data": folder, "database_url": url})


def make_log_database(settings: PlatformSettings) -> None:
    """Where the log is in PostgreSQL and the server ours. The log makes its tables itself."""
    if settings.kafka is None and settings.log_database_url is None:
        with refusals_said(LOG_DATABASE):
            create_database(settings.database_url_of(LOG_DATABASE))


def migrate_service(settings: PlatformSettings, name: str, folder: Path) -> None:
    """Makes the service's database where it is ours to make, and brings it up to date.

    Raises DatabaseRefused.
    """
    url = settings.database_url_of(name)
    with refusals_said(name):
        if getattr(settings, f"{name}_database_url") is None:
            create_database(url)
        migrate(url, folder)
