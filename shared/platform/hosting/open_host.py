"""Opens a service on the database and the log that the settings name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.platform.database.migrations import newest_of_both
from shared.platform.database.pools import Database
from shared.platform.hosting.chosen_log import open_log
from shared.platform.hosting.host import Host
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.port import EventLog
from shared.platform.service import Service
from shared.platform.store.postgres import PostgresStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a process does of a service."""

    api: bool = True  # Serves its routes; else only health, metrics and the clock.
    works: bool = True  # Runs its workers.
    makes_topics: bool = False  # Creates what the log lacks; else the topics must be there.


WHOLE: Final = Role()
ALONE: Final = Role(makes_topics=True)  # Nobody else is there to make the topics.
SERVER: Final = Role(works=False)
WORKER: Final = Role(api=False)


def open_host(
    service: Service,
    migrations: Path,
    platform: PlatformSettings,
    log: EventLog | None,
    role: Role,
) -> Host:
    """Not started yet. A log that is given is shared, and closed by who gave it."""
    database = Database(platform.database_url_of(service.name))
    return Host(
        service,
        platform,
        database=database,
        store=PostgresStore(database),
        log=log or open_log(platform, f"duebook-{service.name}"),
        closes_log=log is None,
        api=role.api,
        works=role.works,
        makes_topics=role.makes_topics,
        revisions=newest_of_both(migrations),
    )
