"""The three services in this event loop; the workers of one can be away for weeks.

Databases are real; the log is in memory. Of a service that is away nobody works: its routes answer
still, so that its clock can be moved; what its timers and reactions owe comes when it is back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx
from starlette.types import Receive, Scope, Send

from services.cli.client.clocks import ORDER, Clocks
from services.cli.client.duebook import Duebook
from services.cli.installed import RUNTIMES
from services.dunning.runtime.settings import Settings
from services.dunning.runtime.wiring import service as dunning_service
from shared.platform.database.pools import Database
from shared.platform.hosting.host import Host
from shared.platform.hosting.serving import joined
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.memory import MemoryLog
from shared.platform.store.postgres import PostgresStore
from tests.support.databases import Server

URL: Final = "http://duebook"


class ThreeServices:
    """At one address, with clocks that are moved by hand. `async with three_services(...)`."""

    def __init__(self, urls: Mapping[str, str], folder: Path, start: datetime) -> None:
        self._urls = urls
        self._folder = folder
        self._platform = PlatformSettings(clock="manual", clock_start=start, instance="test")
        self._log = MemoryLog()
        self._hosts: dict[str, Host] = {}
        self._away: set[str] = set()
        self.duebook = Duebook(URL, transport=self._transport())

    async def start(self) -> None:
        for name in ORDER:
            await self._run(name, works=True)

    async def stop(self) -> None:
        await self.duebook.__aexit__(None, None, None)
        for host in self._hosts.values():
            await host.stop()
        await self._log.close()

    async def leave(self, name: str) -> None:
        """From now on nobody works for the service."""
        self._away.add(name)
        await self._hosts[name].stop()
        await self._run(name, works=False)

    async def come_back(self, name: str, now: datetime) -> None:
        """The clock has gone on; what is due is done now."""
        await self.duebook.operation(name, "POST", "/clock", {"now": now})
        self._away.discard(name)
        await self._hosts[name].stop()
        await self._run(name, works=True)
        await self.clocks.settle()

    @property
    def clocks(self) -> Clocks:
        """Of those that are there."""
        return Clocks(self.duebook, [name for name in ORDER if name not in self._away])

    async def verify(self) -> None:
        """Fails with what differs of what follows from the events."""
        found = {name: await host.verify() for name, host in self._hosts.items()}
        assert not any(found.values()), found

    async def _run(self, name: str, *, works: bool) -> None:
        database = Database(self._urls[name])
        if name == "dunning":
            settings = Settings(mail_folder=self._folder)
            ledger = httpx.AsyncClient(base_url=f"{URL}/ledger", transport=self._transport())
            made = dunning_service(settings, ledger)
        else:
            made = RUNTIMES[name].service(self._platform)
        self._hosts[name] = Host(
            made,
            self._platform,
            database=database,
            store=PostgresStore(database),
            log=self._log,
            closes_log=False,
            works=works,
        )
        await self._hosts[name].start()

    def _transport(self) -> httpx.ASGITransport:
        """To whoever is there when something is asked."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await joined(self._hosts)(scope, receive, send)

        return httpx.ASGITransport(app)


@asynccontextmanager
async def three_services(
    server: Server, templates: Mapping[str, str], folder: Path, start: datetime
) -> AsyncIterator[ThreeServices]:
    """On databases of their own, as their migrations leave them."""
    databases = {name: server.create(template=one) for name, one in templates.items()}
    services = ThreeServices(
        {name: server.url_of(one) for name, one in databases.items()}, folder, start
    )
    try:
        await services.start()
        yield services
    finally:
        await services.stop()
        for name in databases.values():
            server.drop(name)
