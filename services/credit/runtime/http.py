"""Credit over HTTP, and in the same process, if wanted, its workers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.credit.runtime.settings import Settings
from services.credit.runtime.wiring import service
from shared.platform.database.migrations import newest
from shared.platform.database.pools import Database
from shared.platform.hosting.chosen_log import open_log
from shared.platform.hosting.host import Host
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.port import EventLog
from shared.platform.store.postgres import PostgresStore

NAME: Final = "credit"
MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"


def host(
    platform: PlatformSettings,
    log: EventLog | None = None,
    *,
    api: bool = True,
    works: bool = True,
    makes_topics: bool = False,
) -> Host:
    """Not started yet. A log that is given is shared, and closed by who gave it."""
    database = Database(platform.database_url_of(NAME))
    return Host(
        service(Settings.of(platform)),
        platform,
        database=database,
        store=PostgresStore(database),
        log=log or open_log(platform, f"duebook-{NAME}"),
        closes_log=log is None,
        api=api,
        works=works,
        makes_topics=makes_topics,
        revision=newest(MIGRATIONS),
    )
