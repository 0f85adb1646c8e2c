"""Submits what is due as works that check again. Knows no timer.

A timer goes when the state that its work leaves no longer wants it. One that stays although it
was fired is a mistake of its rules: it is reported, and left alone for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import structlog

from shared.kernel.decider import AnyWork, Caller
from shared.kernel.ids import timer_event_id
from shared.platform.clock import DomainClock, monotonic_s
from shared.platform.database.connections import HeldConnection, is_transient
from shared.platform.database.pools import Database
from shared.platform.leases.leases import Leases
from shared.platform.observability import failpoints
from shared.platform.observability import metrics as meters
from shared.platform.observability.throttled_log import ThrottledLog
from shared.platform.signals import Listener, Signal
from shared.platform.store.port import EventStore
from shared.platform.store.submission import Submission, Submitter

WORKER: Final = "timers"
TIMERS_MAX: Final = 500  # fired together
POLL_S: Final = 0.25  # when nobody notifies
RETRY_S: Final = 0.5  # after a round that failed
STUCK_REST_S: Final = 60.0  # before a timer that fired without effect is tried again
STUCK_MAX: Final = 10_000  # remembered; beyond it they are tried again sooner
ACTOR: Final = "system"

DUE: Final = """
SELECT stream_id, name, due_at, since_version, tenant_id FROM es_timer
 WHERE partition_no = ANY($1::smallint[]) AND due_at <= $2
   AND (cardinality($3::uuid[]) = 0
        OR (stream_id, name) NOT IN (SELECT * FROM unnest($3::uuid[], $4::text[])))
 ORDER BY due_at, stream_id, name LIMIT $5"""

LEFT: Final = """
SELECT t.stream_id, t.name
  FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS f(stream_id, name, since_version)
  JOIN es_timer t USING (stream_id, name, since_version)"""

_log = structlog.get_logger(__name__)


class _Due(NamedTuple):
    stream_id: UUID
    name: str
    due_at: datetime
    since_version: int
    tenant_id: UUID


class Timers:
    """Fires the timers of all owned partitions of one service in one loop."""

    def __init__(
        self,
        service: str,
        fire: Callable[[str, UUID, str, datetime], AnyWork],
        *,
        database: Database,
        store: EventStore,
        submitter: Submitter,
        clock: DomainClock,
        leases: Leases,
        committed: Signal,
    ) -> None:
        self._service = service
        self._fire = fire
        self._store = store
        self._submitter = submitter
        self._clock = clock
        self._leases = leases
        self._held = HeldConnection(lambda: database.own_connection("duebook timers"))
        self._listener = Listener()
        self._stopping = False
        self._throttled = ThrottledLog(__name__)
        self._stuck: dict[tuple[UUID, str], float] = {}  # Until when they are left alone.
        committed.add(self._listener)
        leases.changed.add(self._listener)

    def stop(self) -> None:
        self._stopping = True
        self._listener.notify()

    async def run(self) -> None:
        """Runs until stop()."""
        while not self._stopping:
            self._listener.forget()
            if self._stopping:
                break
            try:
                fired = await self._step()
            except Exception as problem:
                if not is_transient(problem):
                    self._throttled.error("timers failed", problem, service=self._service)
                meters.RETRIED.labels(self._service, WORKER).inc()
                await asyncio.sleep(RETRY_S)
                continue
            if not fired:
                await self._listener.wait(POLL_S)
        await self._held.close()

    async def _step(self) -> bool:
        """Fire what is due; whether there was any."""
        owned = self._leases.held(WORKER)
        if not owned:
            return False
        now = await self._clock.now()
        stuck = self._left_alone()
        async with self._held.use() as connection:
            rows = await connection.fetch(
                DUE, list(owned), now, [s for s, _ in stuck], [n for _, n in stuck], TIMERS_MAX
            )
        if not rows:
            return False
        failpoints.hit("timers.after_poll")
        due = [_Due(*row) for row in rows]
        kinds = await self._kinds(due)
        await self._submit([timer for timer in due if timer.stream_id in kinds], kinds, now)
        failpoints.hit("timers.after_submit")
        await self._report(due)
        return True

    async def _submit(self, due: Sequence[_Due], kinds: Mapping[UUID, str], now: datetime) -> None:
        """Tries all; a bug in one of them is reported and keeps nobody else."""
        submissions: list[Submission] = []
        for timer in due:
            try:
                submissions.append(self._submission(kinds[timer.stream_id], timer, now))
            except Exception as problem:  # A name that nobody knows.
                self._throttled.error("a timer makes no work", problem, service=self._service)
        try:
            await self._submitter.submit(submissions)
        except Exception as problem:
            if is_transient(problem):
                raise
            self._throttled.error("a timer's work failed", problem, service=self._service)
        meters.TIMERS_FIRED.labels(self._service).inc(len(submissions))

    def _submission(self, kind: str, timer: _Due, now: datetime) -> Submission:
        caller = caller_of(timer.tenant_id, timer.stream_id, timer.name, timer.since_version, now)
        work = self._fire(kind, timer.stream_id, timer.name, timer.due_at)
        return Submission(f"timer {timer.name}", work, caller, must_look=False)

    async def _kinds(self, due: Sequence[_Due]) -> Mapping[UUID, str]:
        streams: dict[UUID, set[UUID]] = {}
        for timer in due:
            streams.setdefault(timer.tenant_id, set()).add(timer.stream_id)
        kinds: dict[UUID, str] = {}
        for tenant, ids in streams.items():
            found = await self._store.describe(tenant, ids)
            kinds.update({stream: known.kind for stream, known in found.items()})
        return kinds

    async def _report(self, due: Sequence[_Due]) -> None:
        """Reports timers that fired for nothing: still there, armed by the same event."""
        async with self._held.use() as connection:
            left = await connection.fetch(
                LEFT,
                [timer.stream_id for timer in due],
                [timer.name for timer in due],
                [timer.since_version for timer in due],
            )
        for stream, name in left:
            _log.error(
                "timer stays after it fired", service=self._service, timer=name, stream=str(stream)
            )
            meters.TIMERS_STUCK.labels(self._service).inc()
            if len(self._stuck) < STUCK_MAX:
                self._stuck[stream, name] = monotonic_s() + STUCK_REST_S

    def _left_alone(self) -> Sequence[tuple[UUID, str]]:
        now_s = monotonic_s()
        self._stuck = {key: until for key, until in self._stuck.items() if until > now_s}
        return list(self._stuck)


def caller_of(
    tenant_id: UUID, stream_id: UUID, name: str, since_version: int, now: datetime
) -> Caller:
    event_id = timer_event_id(since_version, name)
    return Caller(
        tenant_id=tenant_id,
        actor=ACTOR,
        now=now,
        correlation_id=event_id(stream_id, 1),
        event_id=event_id,
    )
