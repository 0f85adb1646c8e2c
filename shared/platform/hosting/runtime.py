"""Runs one service as a process does: with its settings, its migrations and its areas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from shared.platform.database.migrations import newest_of_both
from shared.platform.database.pools import Database
from shared.platform.hosting.chosen_log import open_log
from shared.platform.hosting.host import Host
from shared.platform.hosting.settings import PlatformSettings, ServiceSettings
from shared.platform.log.port import EventLog
from shared.platform.service import Service
from shared.platform.store.postgres import PostgresStore

S = TypeVar("S", bound=ServiceSettings)


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


@dataclass(frozen=True, kw_only=True)
class Runtime(Generic[S]):
    """What the command line must know of a service to run it, migrate it and look at it."""

    name: str
    settings: type[S]  # Read from the environment each time.
    make: Callable[[S], Service]
    migrations: Path

    @property
    def needs_server(self) -> bool:
        """Whether no setting names the database of this service alone."""
        return self.settings().database_url is None

    def database_url(self, platform: PlatformSettings) -> str:
        """Where this service keeps its tables. Raises DatabaseUnknown."""
        return self.settings().database_url or platform.database_url_of(self.name)

    def service(self, platform: PlatformSettings) -> Service:
        """The service with the settings of this process."""
        return self.make(self.settings().beside(platform))

    def host(
        self, platform: PlatformSettings, log: EventLog | None = None, role: Role = WHOLE
    ) -> Host:
        """The service on its database and its log, not started yet.

        A log that is given is shared, and closed by who gave it.
        """
        database = Database(self.database_url(platform))
        return Host(
            self.service(platform),
            platform,
            database=database,
            store=PostgresStore(database),
            log=log or open_log(platform, f"duebook-{self.name}"),
            closes_log=log is None,
            api=role.api,
            works=role.works,
            makes_topics=role.makes_topics,
            revisions=newest_of_both(self.migrations),
        )
