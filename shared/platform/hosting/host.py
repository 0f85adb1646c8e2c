"""Puts one service together and keeps it running: writer, workers, app, database and log."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from shared.platform.clock import DomainClock, SystemClock, wall_now
from shared.platform.database.pools import Database
from shared.platform.hosting.preconditions import await_database, await_topics, check_revision
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.hosting.verify import verify
from shared.platform.hosting.workers import Workers
from shared.platform.http.app import create_app
from shared.platform.http.parts import Parts
from shared.platform.imports.import_store import ImportStore
from shared.platform.imports.routes import serve_imports
from shared.platform.leases.freshness import Ages
from shared.platform.log.port import EventLog
from shared.platform.manual_clock import ManualClock
from shared.platform.projector.port import Difference
from shared.platform.service import Service, Topics
from shared.platform.signals import Signal
from shared.platform.store.port import EventStore
from shared.platform.store.writer import Writer

LOG_WAIT_S: Final = 5.0  # a start waits for the log; then it goes on without, as far as it can


class OwnStore(EventStore, Protocol):
    """An event store that is closed by whoever made it."""

    async def close(self) -> None: ...


class Host:
    """Is a service in this process. Nothing is opened before `start`.

    `api` serves its routes (else only health, metrics and the clock), `works` runs its workers.
    `makes_topics` creates what the log lacks; else the topics must be there. `revisions` is
    what each chain of the schema must be at; None: it is not looked at.
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
        makes_topics: bool = True,
        revisions: Mapping[str, str] | None = None,
    ) -> None:
        self.service = service
        self._settings = settings
        self._database = database
        self._store = store
        self._log = log
        self._closes_log = closes_log
        self._works = works
        self._makes_topics = makes_topics
        self._revisions = revisions
        self._opening: asyncio.Task[None] | None = None
        self._topics = Topics(settings.topic_prefix)
        self._clock = _clock_of(settings, database)
        committed = Signal()
        self.writer = _writer_of(service, store, self._topics, committed)
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
        self.parts = Parts(
            service=service,
            tenant_id=settings.tenant_id,
            clock=self._clock,
            writer=self.writer,
            store=store,
            database=database,
            waiter=self.workers,
            reporter=self.workers,
            ages=Ages(database),
            works=works,
            cursor_key=_cursor_key_of(settings),
        )
        self.app = create_app(self.parts, api=api)
        files = ImportStore(database, settings.tenant_id)
        self.imports = serve_imports(self.app, files, self._clock) if api else None

    async def start(self) -> None:
        """Starts the service; it is ready for requests afterwards.

        A log that is away does not keep commands from being taken: what needs it starts when it
        answers. Raises SchemaMismatch, and UnknownTopic or TopicMismatch as `failed` does later.
        """
        await await_database(self.service.name, self._database)
        if self._revisions is not None:
            await check_revision(self.service.name, self._database, self._revisions)
        if isinstance(self._clock, ManualClock):
            await self._clock.start_at(self._settings.clock_start or wall_now())
        self.writer.start()
        if self.imports is not None:
            self.imports.start()
        self._opening = asyncio.create_task(self._open_log(), name=f"{self.service.name} log")
        await asyncio.wait({self._opening}, timeout=LOG_WAIT_S)
        if self._opening.done():
            self._opening.result()
        self.parts.started = True

    async def failed(self) -> None:
        """Waits for what a start left open, and raises where it failed: the topics are not ours."""
        if self._opening is not None:
            await asyncio.shield(self._opening)

    async def _open_log(self) -> None:
        await await_topics(
            self.service.name,
            self._log,
            self.service.specs(self._topics),
            makes_them=self._makes_topics,
        )
        if self._works:
            await self.workers.start()

    async def verify(self) -> Sequence[Difference]:
        """Finds where a read model or a timer is not what follows from the events."""
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
        if self._opening is not None:
            self._opening.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._opening
        if self.imports is not None:
            await self.imports.stop()
        await self.workers.stop()
        if self._opening is not None:
            await self.writer.close()
        await self._store.close()
        if self._closes_log:
            await self._log.close()
        await self._database.close()


def _writer_of(service: Service, store: OwnStore, topics: Topics, committed: Signal) -> Writer:
    return Writer(
        store,
        service.codec(),
        service.topics_of(topics),
        committed.notify,
        aggregates=service.aggregates,
        private_tables=service.private_tables,
    )


def _clock_of(settings: PlatformSettings, database: Database) -> DomainClock:
    return ManualClock(database) if settings.clock == "manual" else SystemClock()


def _cursor_key_of(settings: PlatformSettings) -> bytes:
    """Gives the key that signs cursors, empty where none is set; `paging` says what that means."""
    secret = settings.cursor_key
    return secret.get_secret_value().encode() if secret else b""
