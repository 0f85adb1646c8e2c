"""From events to commands: commands are written, then the cursor moves. Never back.

Derived ids make a repetition harmless. A rejection is an answer: it is noted, and life goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from shared.kernel.decider import AnyWork, Caller, Cause
from shared.kernel.envelope import Recorded
from shared.kernel.ids import reaction_event_id
from shared.platform.clock import DomainClock
from shared.platform.database.connections import HeldConnection
from shared.platform.database.pools import Database
from shared.platform.log.port import LogRecord, TopicPartition
from shared.platform.observability import failpoints
from shared.platform.observability import metrics as meters
from shared.platform.observability.throttled_log import ThrottledLog
from shared.platform.reactor.facts import Facts, FactsBehind
from shared.platform.reactor.port import BatchQuestion, Reaction, event_types_of
from shared.platform.signals import Signal
from shared.platform.store.submission import Submission, Submitter
from shared.platform.subscription import cursor_sql as sql
from shared.platform.subscription import parking_sql
from shared.platform.subscription.consumer import Batch, Cursors, Fenced, ends_of
from shared.platform.subscription.decoding import (
    EventDecoder,
    Unprocessed,
    assumed_of,
    unprocessed_of,
)
from shared.platform.subscription.moving import move_and_mark

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

WORKER: Final = "reactions"
REACTED_MAX: Final = 2_000  # of one batch: more than a projection's, whose facts are asked for once
ASKS_AT_ONCE: Final = 100  # events reacted to before others' requests are looked at
BEHIND_REST_S_MIN: Final = 0.05  # of a partition whose facts are missing; twice as long each time
BEHIND_REST_S_MAX: Final = 2.0  # before its facts are asked for again
ACTOR: Final = "system"

Handlers = Mapping[type, Callable[[Any], AnyWork]]


class _Ask(NamedTuple):
    recorded: Recorded[Any]
    reaction: Reaction


class Progress:
    """Moves what a worker has processed, and its cursor, together, after the side effects."""

    def __init__(
        self, service: str, worker: str, database: Database, decoder: EventDecoder, moved: Signal
    ) -> None:
        self._service = service
        self._worker = worker
        self._database = database
        self._decoder = decoder
        self._moved = moved
        self._held = HeldConnection(self._connect)

    async def unprocessed(self, batch: Batch, parked: Collection[UUID] = ()) -> Unprocessed:
        """What of a batch has not been reacted to, but for the streams that are parked."""
        records = self._decoder.decode_all(batch)
        return unprocessed_of(records, await self._processed(records), parked)

    async def pass_by(
        self, cursors: Cursors, batch: Batch, concerns: type[Any] | tuple[type[Any], ...]
    ) -> bool:
        """Moves past a batch without any such event, in one round trip.

        False: there is one, or something of it was processed before; nothing moved.
        """
        records = self._decoder.decode_all(batch)
        if any(isinstance(one.event, concerns) for one in records):
            return False
        assumed = assumed_of(records, cursors.parked)
        if assumed is None or assumed.passed_over:
            return False
        async with self._held.use() as connection:
            has_moved = await move_and_mark(
                connection, cursors, ends_of(batch), assumed, is_assumed=True
            )
        if has_moved:
            self._has_moved(assumed)
        return has_moved

    async def move(
        self, cursors: Cursors, upto: Mapping[TopicPartition, int], unprocessed: Unprocessed
    ) -> None:
        """Raises Fenced."""
        failpoints.hit("reactor.before_commit")
        async with self._held.use() as connection:
            if unprocessed.passed_over:
                async with connection.transaction():
                    has_moved = await move_and_mark(connection, cursors, upto, unprocessed)
                    await self._check_parked(connection, unprocessed.passed_over)
            else:
                has_moved = await move_and_mark(connection, cursors, upto, unprocessed)
        if not has_moved:
            raise Fenced
        failpoints.hit("reactor.after_commit")
        self._has_moved(unprocessed)

    async def close(self) -> None:
        await self._held.close()

    def _has_moved(self, unprocessed: Unprocessed) -> None:
        meters.DUPLICATES.labels(self._service, self._worker).inc(unprocessed.duplicates)
        self._moved.notify()

    async def _check_parked(self, connection: Driver, passed_over: Collection[UUID]) -> None:
        """Raises Fenced where a stream is not parked any more: what waits of it would be lost."""
        parked = await connection.fetch(parking_sql.ARE_PARKED, self._worker, list(passed_over))
        if len(parked) != len(passed_over):
            raise Fenced

    async def _processed(self, records: Sequence[Recorded[Any]]) -> Mapping[Any, int]:
        streams = list({one.stream_id for one in records})
        async with self._held.use() as connection:
            rows = await connection.fetch(sql.PROCESSED, self._worker, streams)
        return {row["stream_id"]: row["version"] for row in rows}

    async def _connect(self) -> Driver:
        """A move lost in a crash of the server is made again: what was done carries derived ids."""
        connection = await self._database.own_connection(f"duebook {self._worker}")
        await connection.execute("SET synchronous_commit = off")
        return connection


class Reactor:
    """A Handler: all reactions of a service, in the order of the log."""

    records_max = REACTED_MAX

    def __init__(
        self,
        reactions: Sequence[Reaction],
        handlers: Handlers,
        *,
        database: Database,
        progress: Progress,
        submitter: Submitter,
        facts: Facts,
        clock: DomainClock,
    ) -> None:
        self._reactions = reactions
        self._handlers = handlers
        self._database = database
        self._progress = progress
        self._submitter = submitter
        self._facts = facts
        self._clock = clock
        self._concerns = event_types_of(reactions)
        self._rests_s: dict[int, float] = {}  # Of partitions whose facts are missing.
        self._log = ThrottledLog(__name__)

    async def handle(self, cursors: Cursors, batch: Batch) -> Mapping[TopicPartition, int]:
        """All of a batch; without the partitions whose facts are missing, which rest."""
        if await self._progress.pass_by(cursors, batch, self._concerns):
            return ends_of(batch)
        try:
            upto = await self._handle(cursors, batch)
        except FactsBehind as behind:
            return await self._handle_apart(cursors, batch, behind)
        for at in upto:
            self._rests_s.pop(at.partition, None)
        return upto

    async def _handle_apart(
        self, cursors: Cursors, batch: Batch, behind: FactsBehind
    ) -> Mapping[TopicPartition, int]:
        """Each partition by itself: what one waits for keeps no other."""
        parts: dict[int, dict[TopicPartition, Sequence[LogRecord]]] = {}
        for at, records in batch.items():
            parts.setdefault(at.partition, {})[at] = records
        if len(parts) == 1:
            (partition,) = parts
            self._rest(cursors, partition, batch, behind)
            return {}
        upto: dict[TopicPartition, int] = {}
        problems: list[Exception] = []
        for part in parts.values():
            try:
                upto.update(await self.handle(cursors, part))
            except Exception as problem:  # Its records come again, and then by themselves.
                problems.append(problem)
        if problems and not upto:
            raise problems[0]
        return upto

    def _rest(self, cursors: Cursors, partition: int, batch: Batch, behind: FactsBehind) -> None:
        """Leaves the one partition of a batch alone, longer each time."""
        rest_s = self._rests_s.get(partition, BEHIND_REST_S_MIN)
        self._rests_s[partition] = min(2 * rest_s, BEHIND_REST_S_MAX)
        self._log.warning("reactions wait for facts", partition=partition, missing=str(behind))
        for at in batch:
            cursors.rest(at, rest_s)

    async def _handle(self, cursors: Cursors, batch: Batch) -> Mapping[TopicPartition, int]:
        unprocessed = await self._progress.unprocessed(batch, cursors.parked)
        await self.react_to(unprocessed.events)
        upto = ends_of(batch)
        await self._progress.move(cursors, upto, unprocessed)
        return upto

    async def react_to(self, events: Sequence[Recorded[Any]]) -> None:
        """Writes what follows from these events, where it was not written before."""
        asks = [
            _Ask(recorded, reaction)
            for recorded in events
            for reaction in self._reactions
            if isinstance(recorded.event, reaction.subscribes_to)
        ]
        if asks:
            submissions = await self._submissions(asks)
            failpoints.hit("reactor.before_submit")
            await self._submitter.submit(submissions)
            failpoints.hit("reactor.after_submit")

    def stop(self) -> None:
        self._facts.stop()

    async def close(self) -> None:
        await self._progress.close()
        await self._facts.close()

    async def _submissions(self, asks: Sequence[_Ask]) -> Sequence[Submission]:
        answers = await self._answers([ask for ask in asks if ask.reaction.asks])
        now = await self._clock.now()
        submissions: list[Submission] = []
        for number, ask in enumerate(asks, 1):
            if number % ASKS_AT_ONCE == 0:
                await asyncio.sleep(0)  # Others' requests are served in between.
            facts = answers.get((ask.recorded.id, ask.reaction.name))
            for command in ask.reaction.react(ask.recorded, facts):
                work = self._handlers[type(command)](command)
                caller = caller_of(ask.recorded, ask.reaction.name, now)
                submissions.append(Submission(ask.reaction.name, work, caller))
        return submissions

    async def _answers(self, asks: Sequence[_Ask]) -> Mapping[tuple[Any, str], Any]:
        """All questions of a batch, of one instant that is not before any of their events."""
        if not asks:
            return {}
        await self._facts.ready([(ask.recorded, ask.reaction.needs) for ask in asks])
        tenants = {ask.recorded.tenant_id for ask in asks}
        answers: dict[tuple[Any, str], Any] = {}
        together: dict[BatchQuestion, dict[UUID, Recorded[Any]]] = {}
        async with self._database.bound(tenants, snapshot=True) as connection:
            for recorded, reaction in asks:
                if reaction.ask is not None:
                    answers[recorded.id, reaction.name] = await reaction.ask(connection, recorded)
                elif reaction.ask_all is not None:
                    together.setdefault(reaction.ask_all, {})[recorded.id] = recorded
            for ask_all, events in together.items():
                found = await ask_all(connection, list(events.values()))
                for recorded, reaction in asks:
                    if reaction.ask_all is ask_all:
                        answers[recorded.id, reaction.name] = found[recorded.id]
        return answers


def caller_of(recorded: Recorded[Any], reaction: str, now: datetime) -> Caller:
    return Caller(
        tenant_id=recorded.tenant_id,
        actor=ACTOR,
        now=now,
        correlation_id=recorded.correlation_id or recorded.id,
        cause=Cause(
            recorded.id,
            recorded.recorded_at,
            recorded.position,
            recorded.effective_on,
            recorded.happened_at,
        ),
        event_id=reaction_event_id(recorded.id, reaction),
    )
