"""`duebook migrate`, `revision` and `verify`: what is done to databases, and looked up in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import typer

from services.cli.commands.revision import revise
from services.cli.commands.settings import settings_with
from services.cli.commands.terminal import console
from services.cli.installed import RUNTIMES, chosen
from shared.platform.database.embedded.folders import default_folder
from shared.platform.hosting import serving
from shared.platform.hosting.local_server import (
    make_log_database,
    migrate_service,
    server_beside,
    server_for,
)
from shared.platform.hosting.runtime import Runtime
from shared.platform.hosting.settings import PlatformSettings

DIFFERS: Final = 5  # Exit status: something derived is not what follows from the events.


def migrate(service: str | None, data: Path | None) -> None:
    """Brings the databases of this service, or of all, up to date."""
    runtimes = chosen(service)
    with server_for(settings_with(data=data), runtimes) as ready:
        make_log_database(ready)
        for one in runtimes:
            migrate_service(ready, one)
            console.print(f"{one.name}: up to date")


def write_revision(service: str, message: str) -> None:
    """Writes the migration that the service's declared rows ask for, and says where."""
    runtime = RUNTIMES[service]
    declared = runtime.service(settings_with(data=default_folder()))
    found = revise(declared, runtime.migrations, message)
    console.print(f"{found}" if found else f"{service}: database and rows agree")


def verify(service: str | None, data: Path | None) -> None:
    """Folds all events anew and names all that differs. Raises typer.Exit if anything does."""
    runtimes = chosen(service)
    with server_beside(settings_with(data=data), runtimes) as ready:
        differing = serving.run(_verify(ready, runtimes))
    if differing:
        raise typer.Exit(DIFFERS)


async def _verify(settings: PlatformSettings, runtimes: Sequence[Runtime[Any]]) -> int:
    differing = 0
    for runtime in runtimes:
        name, host = runtime.name, runtime.host(settings)
        try:
            with console.status(f"{name}: folding all events"):
                found = await host.verify()
        finally:
            await host.stop()
        for one in found:
            where = f"{one.table} {one.key} {one.column}".strip()
            typer.echo(f"{name}: {where}: stored {one.stored}, expected {one.expected}")
        typer.echo(f"{name}: {len(found)} differences" if found else f"{name}: clean")
        differing += len(found)
    return differing
