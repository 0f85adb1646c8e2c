"""One service put together and kept running: writer, workers and app around database and log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.platform.bell import Bell
from shared.platform.clock import DomainClock, SystemClock, wall_now
from shared.platform.database import Database
from shared.platform.http.app import create_app
from shared.platform.http.parts import Parts
from shared.platform.log.port import EventLog
from shared.platform.manual_clock import ManualClock
from shared.platform.projector.verify import Difference
from shared.platform.service import Service, Topics
from shared.platform.settings import PlatformSettings
from shared.platform.store.port import EventStore
from shared.platform.store.writer import Writer
from shared.platform.verify import verify
from shared.platform.workers import Workers


class OwnStore(EventStore, Protocol):
    """An event store that is closed by whoever made it."""

    async def close(self) -> None: ...


class Host:
    """A service in this process. Nothing is opened before `start`.

    `api` serves its routes (else only health, metrics and the clock), `works` runs its workers.
    """

    def __init__(
        self,
        service: Service,
        settings: PlatformSettings,
        *,
        database: Database,
        store: OwnStore,
        log: EventLog,
        closes_log: bool = True,
        api: bool = True,
        works: bool = True,
    ) -> None:
        self.service = service
        self._settings = settings
        self._database = database
        self._store = store
        self._log = log
        self._closes_log = closes_log
        self._works = works
        self._topics = Topics(settings.topic_prefix)
        self._clock: DomainClock = (
            ManualClock(database) if settings.clock == "manual" else SystemClock()
        )
        committed = Bell()
        self.writer = Writer(
            store, service.codec(), service.topics_of(self._topics), committed.ring
        )
        self.workers = Workers(
            service,
            database=database,
            log=log,
            store=store,
            writer=self.writer,
            clock=self._clock,
            topics=self._topics,
            committed=committed,
            instance=settings.instance,
            lease_ttl_s=settings.lease_ttl_s,
        )
        secret = settings.cursor_key
        self.parts = Parts(
            service=service,
            tenant_id=settings.tenant_id,
            clock=self._clock,
            writer=self.writer,
            store=store,
            database=database,
            waiter=self.workers,
            reporter=self.workers,
            cursor_key=secret.get_secret_value().encode() if secret else b"",
        )
        self.app = create_app(self.parts, api=api)

    async def start(self) -> None:
        """Ready for requests when it returns."""
        if isinstance(self._clock, ManualClock):
            await self._clock.start_at(self._settings.clock_start or wall_now())
        await self._log.create(self._topics.all())
        self.writer.start()
        if self._works:
            await self.workers.start()
        self.parts.started = True

    async def verify(self) -> Sequence[Difference]:
        """Where a read model or a timer is not what follows from the events."""
        return await verify(
            self.service,
            database=self._database,
            log=self._log,
            topics=self._topics,
            tenants=[self._settings.tenant_id],
        )

    def drain(self) -> None:
        """Tell balancers to send no more, and long polls to end."""
        self.parts.draining.set()

    async def stop(self) -> None:
        """Finish what was begun, give everything back. Safe after a start that failed."""
        self.drain()
        await self.workers.stop()
        if self.parts.started:
            await self.writer.close()
        await self._store.close()
        if self._closes_log:
            await self._log.close()
        await self._database.close()
