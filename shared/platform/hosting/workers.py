"""Runs what a service does unasked: relay, projections, reactions, effects, timers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol
from uuid import UUID

import structlog

from shared.kernel.ids import PARTITIONS
from shared.platform.clock import DomainClock, monotonic_s
from shared.platform.database.connections import Listening
from shared.platform.database.pools import Database
from shared.platform.leases.freshness import measure
from shared.platform.leases.leases import Freshness, Leases, Worker
from shared.platform.log.port import EventLog
from shared.platform.manual_clock import CLOCK_CHANNEL
from shared.platform.outbox import relay
from shared.platform.outbox.relay import Relay
from shared.platform.projector.runtime import PROJECTIONS_AT_ONCE, Projector
from shared.platform.reactor import runtime as reactor
from shared.platform.reactor.effects import EFFECT_PREFIX, EffectRunner
from shared.platform.reactor.facts import Facts
from shared.platform.reactor.port import Effect
from shared.platform.reactor.runtime import Progress, Reactor
from shared.platform.service import Service, Topics
from shared.platform.signals import Listener, Signal
from shared.platform.store.port import CommandQueue, EventStore
from shared.platform.store.submission import Submitter
from shared.platform.subscription.consumer import Consumer, StreamParking
from shared.platform.subscription.consumer import Handler as BatchHandler
from shared.platform.subscription.decoding import EventDecoder
from shared.platform.subscription.parking import Parking
from shared.platform.subscription.progress import ProjectionProgress
from shared.platform.subscription.work_status import Ends, Halted, WorkStatus, read_status, show
from shared.platform.timers import runtime as timers
from shared.platform.timers.runtime import Timers

__all__ = ["LEASE_TTL_S", "Halted", "WorkStatus", "Workers"]

SILENCE_S_MAX: Final = 15.0  # a log that answered no worker for longer is away
LEASE_TTL_S: Final = 15.0  # after which a silent owner loses its partitions
BATCHES_END_S_MAX: Final = 3.0  # for the batches at work when the process is told to end
CUT_OFF_S_MAX: Final = 1.0  # for what is cut off to give up its connections
QUIET_S: Final = 0.004  # without a sound from any worker, before who waits for them looks again
LOOK_S: Final = 0.05  # between two looks at the work left, if no worker of this process notifies
LOOK_FOREIGN_S: Final = 0.02  # the same where all of them are in other processes
OUTBOX_CHANNEL: Final = "duebook_outbox"  # a writer committed events

_log = structlog.get_logger(__name__)


class _Loop(Protocol):
    def stop(self) -> None: ...

    async def run(self) -> None: ...


class _Handler(BatchHandler, Protocol):
    def stop(self) -> None: ...

    async def close(self) -> None: ...


class UnclearNames(ValueError):
    """Two projections or effects of one name, or one with the name of another worker."""


class Workers:
    """The workers of one service in this process.

    Nothing is opened before `start`; a process that only serves HTTP does not start them and still
    asks `status` and `wait_processed`.
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
        committed: Signal,  # The writer notifies it after a commit with events.
        instance: str | None = None,  # DUEBOOK_INSTANCE
        lease_ttl_s: float = LEASE_TTL_S,
    ) -> None:
        self._service = service
        self._database = database
        self._log = log
        self._store = store
        self._writer = writer
        self._clock = clock
        self._topics = topics
        self._committed = committed
        self._published = Signal()
        self._decoder = EventDecoder(service.codec())
        self._projection_progress = ProjectionProgress(database)
        self._turns = asyncio.Semaphore(PROJECTIONS_AT_ONCE)
        self._workers = _workers_of(service, topics)
        self._leases = Leases(
            database,
            service.name,
            [Worker(relay.WORKER, ()), Worker(timers.WORKER, ()), *self._workers],
            partitions=PARTITIONS,
            instance=instance,
            ttl_s=lease_ttl_s,
        )
        self._listening = Listening(
            lambda: database.own_connection("duebook listen"),
            {OUTBOX_CHANNEL: committed.notify, CLOCK_CHANNEL: committed.notify},
        )
        self._leases.freshness = self._freshness
        self._loops: list[_Loop] = []
        self._consumers: list[Consumer] = []
        self._handlers: list[_Handler] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to take leases and to work; returns at once."""
        self._projection_progress.has_workers_here = True
        self._consumers = [*self._consuming()]
        self._loops = [self._relay(), self._timers(), *self._consumers]
        self._listening.start()
        self._leases.start()
        self._tasks = [
            asyncio.create_task(loop.run(), name=f"{self._service.name} {type(loop).__name__}")
            for loop in self._loops
        ]

    async def stop(self) -> None:
        """Finish the batches at work, give the leases back. Before the writer is closed."""
        for loop in self._loops:
            loop.stop()
        for handler in self._handlers:
            handler.stop()
        await self._end_tasks()
        for handler in self._handlers:
            await handler.close()
        if self._tasks:
            await self._leases.stop()
            await self._listening.stop()
        await self._projection_progress.close()
        self._loops, self._consumers, self._handlers, self._tasks = [], [], [], []

    def missing(self) -> str | None:
        """Says in a line what keeps these workers from working."""
        if not self._tasks:
            return "the log has not answered yet"
        if not self._leases.are_fresh:
            return "its leases are not renewed"
        answered_s = max((one.answered_s for one in self._consumers), default=monotonic_s())
        if monotonic_s() - answered_s > SILENCE_S_MAX:
            return "the log does not answer"
        return None

    async def _end_tasks(self) -> None:
        """Cuts off what hangs on a log or a database that is away. That does what a crash does:
        nothing is lost, and the next owner repeats it.
        """
        if not self._tasks:
            return
        _, hanging = await asyncio.wait(self._tasks, timeout=BATCHES_END_S_MAX)
        for task in hanging:
            task.cancel()
        if hanging:
            _log.warning("workers cut off", service=self._service.name, workers=len(hanging))
            await asyncio.wait(hanging, timeout=CUT_OFF_S_MAX)
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                _log.error("worker ended", service=self._service.name, exc_info=task.exception())

    def wake(self) -> None:
        """Look again now: the domain clock was moved, or something was committed."""
        self._committed.notify()

    async def status(self) -> WorkStatus:
        return await self._status(None)

    async def settled(self, timeout_s: float, given_up: Callable[[], bool]) -> WorkStatus:
        """Waits until nothing is left to do here, or something stands still, or time is over.

        Looks when the workers of this process have fallen silent, and now and then for the others.
        """
        listener = Listener()
        signals = (self._committed, self._published, self._projection_progress.moved)
        for signal in signals:
            signal.add(listener)
        until_s = monotonic_s() + timeout_s
        known: Ends | None = None
        try:
            while True:  # Until one of the three.
                listener.forget()
                status = await self._status(known)
                left_s = until_s - monotonic_s()
                if status.is_settled or status.halted or given_up() or left_s <= 0:
                    return status
                known = status.end_offsets
                await self._silence(listener, left_s)
        finally:
            for signal in signals:
                signal.remove(listener)

    async def _silence(self, listener: Listener, timeout_s: float) -> None:
        """Waits until the workers notified and then fell silent, or until it is time to look."""
        look_s = LOOK_S if self._projection_progress.has_workers_here else LOOK_FOREIGN_S
        end_s = monotonic_s() + min(timeout_s, look_s)
        wait_s = min(timeout_s, look_s)
        while wait_s > 0 and await listener.wait(wait_s):
            listener.forget()
            wait_s = min(QUIET_S, end_s - monotonic_s())

    async def _status(self, known_ends: Ends | None) -> WorkStatus:
        topics = {self._topics.events_of(self._service.name)}
        topics.update(topic for worker in self._workers for topic in worker.topics)
        return await read_status(
            self._database,
            self._log,
            now=await self._clock.now(),
            in_flight=self._writer.in_flight,
            workers=self._workers,
            topics=sorted(topics),
            known_ends=known_ends,
        )

    async def measure(self) -> None:
        """Measures into the metrics of this process, whatever process works.

        Raises what is away.
        """
        name = self._service.name
        await measure(name, self._database, [worker.name for worker in self._workers])
        show(name, self._workers, None)
        show(name, self._workers, await self.status())

    async def wait_processed(
        self, projection: str, versions: Mapping[UUID, int], timeout_s: float
    ) -> bool:
        """Waits until the projection has passed these stream versions; False after the timeout."""
        return await self._projection_progress.wait(projection, versions, timeout_s)

    def _relay(self) -> _Loop:
        return Relay(
            self._service.name,
            database=self._database,
            log=self._log,
            leases=self._leases,
            committed=self._committed,
            published=self._published,
        )

    def _timers(self) -> _Loop:
        return Timers(
            self._service.name,
            self._service.fire,
            database=self._database,
            store=self._store,
            submitter=self._submitter(),
            clock=self._clock,
            leases=self._leases,
            committed=self._committed,
        )

    def _freshness(self) -> Freshness:
        return {
            (consumer.worker, partition): ago_s
            for consumer in self._consumers
            for partition, ago_s in consumer.caught_up_ago_s().items()
        }

    def _consuming(self) -> Sequence[Consumer]:
        loops: list[Consumer] = []
        for projection in self._service.projections:
            projector = Projector(
                self._service.name,
                projection,
                database=self._database,
                decoder=self._decoder,
                progress=self._projection_progress,
                turns=self._turns,
            )
            loops.append(self._consumer(projection.name, projector))
        if self._service.reactions:
            loops.append(self._parking_consumer(reactor.WORKER, self._reactor()))
        for effect in self._service.effects:
            name = EFFECT_PREFIX + effect.name
            loops.append(self._parking_consumer(name, self._effect(effect)))
        return loops

    def _reactor(self) -> Reactor:
        subscribes_to = {
            p.name: _topics_of(p.subscribes_to, self._topics) for p in self._service.projections
        }
        facts = Facts(
            self._topics.events_of(self._service.name),
            subscribes_to,
            database=self._database,
            log=self._log,
            progress=self._projection_progress,
            published=self._published,
        )
        return Reactor(
            self._service.reactions,
            self._service.handlers,
            database=self._database,
            progress=self._progress(reactor.WORKER),
            submitter=self._submitter(),
            facts=facts,
            clock=self._clock,
        )

    def _effect(self, effect: Effect) -> EffectRunner:
        return EffectRunner(
            self._service.name,
            effect,
            self._service.handlers,
            progress=self._progress(EFFECT_PREFIX + effect.name),
            submitter=self._submitter(),
            clock=self._clock,
        )

    def _parking_consumer(self, worker: str, handler: Reactor | EffectRunner) -> Consumer:
        parking = Parking(
            self._service.name,
            worker,
            database=self._database,
            reader=self._log.reader(f"{self._service.name}-{worker}-parked"),
            decoder=self._decoder,
            handler=handler,
        )
        return self._consumer(worker, handler, parking)

    def _consumer(
        self, worker: str, handler: _Handler, parking: StreamParking | None = None
    ) -> Consumer:
        self._handlers.append(handler)
        return Consumer(
            self._service.name,
            worker,
            database=self._database,
            reader=self._log.reader(f"{self._service.name}-{worker}"),
            leases=self._leases,
            handler=handler,
            parking=parking,
        )

    def _progress(self, worker: str) -> Progress:
        return Progress(
            self._service.name,
            worker,
            self._database,
            self._decoder,
            self._projection_progress.moved,
        )

    def _submitter(self) -> Submitter:
        return Submitter(self._service.name, self._writer, self._store)


def _workers_of(service: Service, topics: Topics) -> Sequence[Worker]:
    """Lists the workers that have cursors."""
    types = {**service.own, **service.subscribes_to}
    found = [Worker(p.name, _topics_of(p.subscribes_to, topics)) for p in service.projections]
    if service.reactions:
        classes = [
            kind for reaction in service.reactions for kind in _classes(reaction.subscribes_to)
        ]
        found.append(Worker(reactor.WORKER, _topics_with(classes, types, topics)))
    for effect in service.effects:
        read = _topics_with(_classes(effect.subscribes_to), types, topics)
        found.append(Worker(EFFECT_PREFIX + effect.name, read))
    names = [relay.WORKER, timers.WORKER, *(worker.name for worker in found)]
    if len(set(names)) != len(names):
        raise UnclearNames(", ".join(sorted(names)))
    return found


def _topics_of(services: Sequence[str], topics: Topics) -> Sequence[str]:
    return [topics.events_of(service) for service in services]


def _topics_with(
    classes: Sequence[type[Any]], types: Mapping[str, type], topics: Topics
) -> Sequence[str]:
    """Finds the topics of these event classes: a type's service is the first part of its name."""
    services = {name.partition(".")[0] for name, cls in types.items() if cls in classes}
    return _topics_of(sorted(services), topics)


def _classes(subscribes_to: type[Any] | tuple[type[Any], ...]) -> Sequence[type[Any]]:
    return subscribes_to if isinstance(subscribes_to, tuple) else (subscribes_to,)
