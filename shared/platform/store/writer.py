"""Decides and writes the works that wait in one transaction: group commit.

Never reports a rejection it is not sure of, and never repeats what may have been committed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from shared.kernel.decider import (
    Accepted,
    Aggregate,
    AnyStream,
    AnyWork,
    Caller,
    NotWritten,
    OutcomeUnknown,
    Overloaded,
)
from shared.platform.clock import monotonic_s, wall_now
from shared.platform.codec import Codec
from shared.platform.store.batch import Batch, Loaded, TopicsOf, decided
from shared.platform.store.cache import STREAMS_CACHED_MAX, Cache
from shared.platform.store.folded_codec import folded_codecs
from shared.platform.store.guess import certain, remembered
from shared.platform.store.loading import Loader
from shared.platform.store.port import CommitUncertain, Conflict, EventStore, Transaction
from shared.platform.store.snapshots import TAIL_EVENTS_MIN, Snapshots
from shared.platform.store.waiting import (
    WORKS_MAX,
    WORKS_WAITING_MAX,
    Pending,
    WaitingWorks,
)

ATTEMPTS_MAX: Final = 8  # of one transaction that met conflicts
ATTEMPTS_S_MAX: Final = 10.0  # after which no further one is begun: a server may hang, not refuse
PAUSE_S_MIN: Final = 0.002  # after the first attempt; four times as long after each further one
PAUSE_S_MAX: Final = 0.5  # between two attempts
CAREFUL_BATCHES: Final = 16  # batches that lock first after one whose guess was wrong


def _nobody() -> None:
    """Does nothing: nobody waits for new events in this process."""


class _Attempted(NamedTuple):
    outcomes: Sequence[Accepted | Exception]
    has_written: bool


class Writer:
    """Owns one connection and writes one batch at a time. One per process and service."""

    def __init__(
        self,
        store: EventStore,
        codec: Codec,
        topics_of: TopicsOf,
        wake: Callable[[], None] = _nobody,
        *,
        aggregates: Sequence[Aggregate[Any, Any]] = (),
        private_tables: Collection[str] = (),
        works_max: int = WORKS_MAX,
        works_waiting_max: int = WORKS_WAITING_MAX,
        streams_cached_max: int = STREAMS_CACHED_MAX,
        tail_events_min: int = TAIL_EVENTS_MIN,
        guesses: bool = True,
    ) -> None:
        """Long streams of the `aggregates` get snapshots. Raises StateNotCarried."""
        cache = Cache(streams_cached_max)
        codecs = folded_codecs(aggregates, codec)
        snapshots = Snapshots(store, codecs, tail_events_min=tail_events_min)
        self._lane = _Lane(store, codec, topics_of, wake, private_tables, cache, snapshots, guesses)
        self._waiting = WaitingWorks(works_max, works_waiting_max)
        self._arrived = asyncio.Event()
        self._being_written = 0
        self._is_closing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def in_flight(self) -> int:
        """Works without an answer yet."""
        return len(self._waiting) + self._being_written

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="writer")

    async def close(self) -> None:
        """Write what waits, then stop. Nothing more is taken in the meantime."""
        self._is_closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    async def submit(self, work: AnyWork, caller: Caller) -> Accepted:
        """Writes a work; done when durable.

        Raises what decide raised, or a refusal of the writer.
        """
        return await self.enqueue(work, caller)

    def enqueue(
        self, work: AnyWork, caller: Caller, *, is_bulk: bool = False
    ) -> asyncio.Future[Accepted]:
        """Queues a work, for callers with many. Cancelling the future is allowed at any time.

        Raises Overloaded.
        """
        if self._is_closing:
            raise Overloaded
        future: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._waiting.add(Pending(work, caller, future), is_bulk=is_bulk)
        self._arrived.set()
        return future

    async def _run(self) -> None:
        while True:  # Until close().
            while not self._waiting:
                if self._is_closing:
                    await self._lane.close()
                    return
                self._arrived.clear()
                await self._arrived.wait()
            batch = self._waiting.take()
            self._being_written = len(batch)
            try:
                await self._lane.settle(batch)
            except Exception as bug:  # A writer that died would leave everybody waiting.
                _fail(batch, OutcomeUnknown, bug)
            finally:
                self._being_written = 0


class _Lane:
    """Writes batches on one connection, with an honest answer for everybody in a batch."""

    def __init__(
        self,
        store: EventStore,
        codec: Codec,
        topics_of: TopicsOf,
        wake: Callable[[], None],
        private_tables: Collection[str],
        cache: Cache,
        snapshots: Snapshots,
        guesses: bool,
    ) -> None:
        self._store = store
        self._codec = codec
        self._topics_of = topics_of
        self._wake = wake
        self._private_tables = private_tables
        self._cache = cache
        self._snapshots = snapshots
        self._loader = Loader(codec, cache, snapshots)
        self._guesses = guesses
        self._careful_batches = 0  # Still to come, before the next guess.
        self._transaction: Transaction | None = None

    async def settle(self, pending: Sequence[Pending]) -> None:
        """Returns when every caller has an answer."""
        problem: Exception | None = None
        end_s = monotonic_s() + ATTEMPTS_S_MAX
        for attempt in range(ATTEMPTS_MAX):
            if not pending:
                return
            if problem is not None and monotonic_s() > end_s:
                break
            try:
                attempted = await self._attempt(pending, may_guess=attempt == 0)
            except CommitUncertain as error:
                await self._forget()
                _fail(pending, OutcomeUnknown, error)
                return
            except Exception as error:  # Every failure ends in an honest answer.
                problem = error
            else:
                for one, outcome in zip(pending, attempted.outcomes, strict=True):
                    _answer(one, outcome)
                if attempted.has_written:
                    self._wake()
                return
            await self._clean_up(problem)
            if not self._is_transient(problem):
                await self._blame(pending, problem)
                return
            await asyncio.sleep(random.uniform(0, min(PAUSE_S_MAX, PAUSE_S_MIN * 4**attempt)))
        _fail(pending, NotWritten, problem)

    async def _blame(self, pending: Sequence[Pending], problem: Exception) -> None:
        """Halve the batch until the work that the database refuses stands alone."""
        if len(pending) == 1:
            _answer(pending[0], problem)
            return
        middle = len(pending) // 2
        await self.settle(pending[:middle])
        await self.settle(pending[middle:])

    async def _attempt(self, pending: Sequence[Pending], *, may_guess: bool) -> _Attempted:
        """Tries one transaction.

        Any exception but CommitUncertain means that nothing was written.
        """
        transaction = await self._connected()
        streams: dict[UUID, list[AnyStream]] = {}
        for one in pending:
            for stream in one.work.streams:
                streams.setdefault(stream.id, []).append(stream)
        begun = asyncio.create_task(transaction.begin({one.caller.tenant_id for one in pending}))
        await asyncio.sleep(0)  # It is on its way; meanwhile the guess is made.
        try:
            guess = await self._guess(pending, streams) if may_guess else None
        finally:
            await begun
        if guess is not None:
            try:
                return await self._write(transaction, *guess)
            except Conflict:
                self._careful_batches = CAREFUL_BATCHES
                raise
        heads = await transaction.lock(streams)
        loaded = await self._loader.load(transaction, pending, streams, heads)
        batch = self._batch(loaded)
        asked = ((one.work, one.caller) for one in pending)
        outcomes = [outcome async for outcome in decided(batch, asked)]
        if batch.is_empty:
            await transaction.rollback()
            return _Attempted(outcomes, has_written=False)
        return await self._write(transaction, batch, outcomes)

    async def _guess(
        self, pending: Sequence[Pending], streams: Mapping[UUID, Sequence[AnyStream]]
    ) -> tuple[Batch, Sequence[Accepted]] | None:
        """Decides without locks, where all that is needed is remembered and all is accepted."""
        if not self._guesses:
            return None
        if self._careful_batches:
            self._careful_batches -= 1
            return None
        loaded = remembered(streams, self._cache)
        if loaded is None:
            return None
        batch = self._batch(loaded)
        answers = await certain([(one.work, one.caller) for one in pending], batch)
        return None if answers is None else (batch, answers)

    def _batch(self, loaded: Loaded) -> Batch:
        tables = self._private_tables
        return Batch(loaded, self._codec, self._topics_of, _first_id(), private_tables=tables)

    async def _write(
        self, transaction: Transaction, batch: Batch, outcomes: Sequence[Accepted | Exception]
    ) -> _Attempted:
        writes = batch.writes()
        await transaction.write_and_commit(writes)
        known = dict(batch.known())
        for id, one in known.items():
            self._cache.put(id, one)
        self._snapshots.written(writes.events, known)
        return _Attempted(outcomes, has_written=True)

    def _is_transient(self, problem: Exception) -> bool:
        return isinstance(problem, Conflict) or self._store.is_transient(problem)

    async def _connected(self) -> Transaction:
        if self._transaction is None:
            # A server that was restored or failed over may have forgotten what we remember.
            self._cache.clear()
            self._transaction = await self._store.transaction()
        return self._transaction

    async def _clean_up(self, problem: Exception) -> None:
        """Leave no transaction open; after trouble with the connection take a new one."""
        if self._transaction is None:
            return
        await self._transaction.rollback()
        if not isinstance(problem, Conflict) and self._is_transient(problem):
            await self._forget()

    async def _forget(self) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            await transaction.close()

    async def close(self) -> None:
        await self._forget()
        await self._snapshots.close()


def _first_id() -> int:
    """A UUID of version 7 as a number; the ids of a batch count up from here."""
    millis, noise = int(wall_now().timestamp() * 1000), random.getrandbits(72)
    return millis << 80 | 7 << 76 | noise >> 60 << 64 | 2 << 62 | noise & (1 << 60) - 1


def _answer(pending: Pending, outcome: Accepted | Exception) -> None:
    if pending.future.done():  # The caller went away; what was written stands.
        return
    if isinstance(outcome, Accepted):
        pending.future.set_result(outcome)
    else:
        pending.future.set_exception(outcome)


def _fail(
    pending: Sequence[Pending], kind: type[Exception], cause: Exception | None = None
) -> None:
    for one in pending:
        error = kind()
        error.__cause__ = cause
        _answer(one, error)
