"""What a service does without being asked: relay, projections, reactions, effects, timers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.platform.bell import Bell
from shared.platform.clock import DomainClock
from shared.platform.database import Database
from shared.platform.log.port import EventLog
from shared.platform.service import Service, Topics
from shared.platform.store.port import CommandQueue, EventStore

LEASE_TTL_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Halted:
    """A partition that stands still because of an event its worker cannot take."""

    worker: str
    topic: str
    partition: int
    error: str


@dataclass(frozen=True, slots=True)
class WorkStatus:
    """What waits in this service, read from its database and the log."""

    now: datetime  # Domain clock.
    timers_due: int
    next_timer_at: datetime | None  # The earliest of all, due or not.
    outbox: int
    in_flight: int  # Works the writer of this process has not answered.
    lag: int  # Records that workers have not consumed, over all of them.
    end_offsets: Mapping[str, Sequence[int]]  # Of the own topic and those heard.
    halted: Sequence[Halted]

    @property
    def is_settled(self) -> bool:
        """Nothing left to do, at this instant and as far as this service knows."""
        return not (self.timers_due or self.outbox or self.in_flight or self.lag or self.halted)


class Workers:
    """The workers of one service in this process.

    Nothing is opened before `start`; a process that only serves HTTP does not start them and still
    asks `status` and `wait_seen`.
    """

    def __init__(
        self,
        service: Service,
        *,
        database: Database,
        log: EventLog,
        store: EventStore,
        writer: CommandQueue,
        clock: DomainClock,
        topics: Topics,
        committed: Bell,  # Rung by the writer after a commit with events: Writer(wake=bell.ring).
        instance: str | None = None,  # DUEBOOK_INSTANCE
        lease_ttl_s: float = LEASE_TTL_S,
    ) -> None: ...

    async def start(self) -> None:
        """Begin to take leases and to work; returns at once."""

    async def stop(self) -> None:
        """Finish the batches at work, give the leases back. Before the writer is closed."""

    def wake(self) -> None:
        """Look again now: the domain clock was moved, or something was committed."""

    async def status(self) -> WorkStatus:
        raise NotImplementedError

    async def wait_seen(
        self, projection: str, versions: Mapping[UUID, int], timeout_s: float
    ) -> bool:
        """Whether the projection has passed these stream versions, within the timeout."""
        raise NotImplementedError
