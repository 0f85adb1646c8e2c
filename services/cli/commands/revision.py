"""`duebook revision`: writes the migration that declared rows ask for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from shared.platform.database.autogenerate import write_revision
from shared.platform.database.embedded.server import EmbeddedServer, temporary_folder
from shared.platform.database.migrations import create_database, migrate, newest
from shared.platform.service import Service


def tables_of(service: Service) -> Sequence[sa.Table]:
    """The tables of the service's read models."""
    return [model.table for one in service.projections for model in one.models]


def revise(service: Service, migrations: Path, message: str) -> Path | None:
    """Compares in a fresh database at the newest revision; None: there is nothing to write."""
    with temporary_folder() as folder, EmbeddedServer.start(folder) as server:
        url = server.url(f"duebook_{service.name}")
        create_database(url)
        migrate(url, migrations)
        return write_revision(url, migrations, tables_of(service), message, newest(migrations))
