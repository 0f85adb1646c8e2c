"""Holds what the routes of one running service need: given to the app, found by a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast
from uuid import UUID

from starlette.requests import Request

from shared.kernel.decider import Accepted, AnyWork, Caller
from shared.platform.clock import DomainClock
from shared.platform.database.pools import Database
from shared.platform.log.port import EventLog
from shared.platform.observability.logs import new_trace_id
from shared.platform.service import Service, Topics
from shared.platform.store.port import CommandQueue, EventStore
from shared.platform.subscription.work_status import WorkStatus


class CommandWriter(CommandQueue, Protocol):
    """The writer, as far as HTTP needs it."""

    async def submit(self, work: AnyWork, caller: Caller) -> Accepted: ...


class ProgressWaiting(Protocol):
    """Somebody who knows how far projections are, and can wait for them."""

    async def wait_processed(
        self, projection: str, versions: Mapping[UUID, int], timeout_s: float
    ) -> bool:
        """Waits until the projection has processed these versions; False when time is over."""
        ...


class Reporting(Protocol):
    async def status(self) -> WorkStatus:
        """Reads from database and log what is still to do: any process can be asked."""
        ...

    async def settled(self, timeout_s: float, given_up: Callable[[], bool]) -> WorkStatus:
        """Waits until nothing is left to do, something stands still or time is over."""
        ...

    def wake(self) -> None: ...

    def missing(self) -> str | None:
        """Says in a line what keeps the workers of this process from working."""
        ...

    async def measure(self) -> None:
        """Read what the metrics tell of the whole service. Raises what is away."""
        ...


class Aging(Protocol):
    async def of(self, projections: Sequence[str]) -> float | None:
        """Tells how many seconds ago these had processed the whole log; None: not known."""
        ...


@dataclass(kw_only=True)
class Parts:
    """One running service, as its routes see it."""

    service: Service
    tenant_id: UUID
    clock: DomainClock
    writer: CommandWriter
    store: EventStore
    new_id: Callable[[], UUID] = new_trace_id
    topics: Topics = field(default_factory=Topics)
    database: Database | None = None  # None: there is nothing to query (a test of commands alone).
    log: EventLog | None = None
    waiter: ProgressWaiting | None = None
    reporter: Reporting | None = None
    ages: Aging | None = None
    works: bool = False  # Workers run in this process: it is not ready without them.
    cursor_key: bytes = b""
    started: bool = False
    draining: asyncio.Event = field(default_factory=asyncio.Event)


def parts_of(request: Request) -> Parts:
    return cast(Parts, request.app.state.parts)
