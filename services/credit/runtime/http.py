"""Credit over HTTP, and in the same process, if wanted, its workers."""

from __future__ import annotations

from typing import Final

from services.credit.runtime.settings import Settings
from services.credit.runtime.wiring import service
from shared.platform.database import Database
from shared.platform.hosting import Host
from shared.platform.log.port import EventLog
from shared.platform.log.postgres import PostgresLog
from shared.platform.settings import LOG_DATABASE, PlatformSettings
from shared.platform.store.postgres import PostgresStore

NAME: Final = "credit"


def host(
    platform: PlatformSettings,
    log: EventLog | None = None,
    *,
    api: bool = True,
    works: bool = True,
) -> Host:
    """Not started yet. A log that is given is shared, and closed by who gave it."""
    database = Database(platform.database_url_of(NAME))
    return Host(
        service(Settings.of(platform)),
        platform,
        database=database,
        store=PostgresStore(database),
        log=log or PostgresLog(platform.database_url_of(LOG_DATABASE)),
        closes_log=log is None,
        api=api,
        works=works,
    )
