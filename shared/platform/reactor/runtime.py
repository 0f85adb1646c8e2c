"""From events to commands: what was wished for is written, then the cursor moves. Never back.

Derived ids make a repetition harmless. A rejection is an answer: it is noted, and life goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from shared.kernel.decider import Caller, Cause, Work, reaction_event_id
from shared.kernel.envelope import Recorded
from shared.platform.clock import DomainClock
from shared.platform.database.connections import Kept
from shared.platform.database.pools import Database
from shared.platform.log.port import LogRecord, TopicPartition
from shared.platform.observability import failpoints
from shared.platform.observability import metrics as meters
from shared.platform.observability.throttled_log import SparingLog
from shared.platform.reactor.facts import Facts
from shared.platform.reactor.port import Effect, Reaction, Unreachable
from shared.platform.signals import Bell
from shared.platform.store.submission import Submitting, Wish
from shared.platform.subscription import cursor_sql as sql
from shared.platform.subscription.consumer import Batch, Cursors, ends_of, moved_all
from shared.platform.subscription.decoding import Fresh, Heard, Hearing, fresh_of

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

WORKER: Final = "reactions"
EFFECT_PREFIX: Final = "effect:"
UNREACHABLE_REST_S: Final = 2.0  # a partition waits so long before an effect is tried again
EFFECTS_MAX: Final = 20  # performed in a partition before its cursor moves; again after a crash
ACTOR: Final = "system"

Handlers = Mapping[type, Callable[[Any], Work]]


class _Ask(NamedTuple):
    recorded: Recorded[Any]
    reaction: Reaction


class Progress:
    """What a group has seen, and its cursor: moved together, after the deeds."""

    def __init__(
        self, service: str, worker: str, database: Database, hearing: Hearing, moved: Bell
    ) -> None:
        self._service = service
        self._worker = worker
        self._database = database
        self._hearing = hearing
        self._moved = moved
        self._kept = Kept(self._connect)

    async def fresh(self, batch: Batch) -> Fresh:
        """What of a batch has not been reacted to."""
        heard = self._hearing.hear_all(batch)
        return fresh_of(heard, await self._seen(heard))

    async def move(
        self, cursors: Cursors, upto: Mapping[TopicPartition, int], fresh: Fresh
    ) -> None:
        """Raises Fenced."""
        async with self._kept.use() as connection, connection.transaction():
            looked = await connection.fetchrow(sql.MOVE_AND_LOOK, *cursors.fence(upto), [], "{}")
            assert looked is not None  # An aggregate without GROUP BY gives one row.
            moved_all(looked, upto)
            await connection.execute(
                sql.SEE, self._worker, list(fresh.versions), list(fresh.versions.values())
            )
            failpoints.hit("reactor.before_commit")
        failpoints.hit("reactor.after_commit")
        meters.DUPLICATES.labels(self._service, self._worker).inc(fresh.duplicates)
        self._moved.ring()

    async def close(self) -> None:
        await self._kept.close()

    async def _seen(self, heard: Sequence[Heard]) -> Mapping[Any, int]:
        streams = sorted({h.envelope.stream_id for h in heard})
        async with self._kept.use() as connection:
            rows = await connection.fetch(sql.SEEN, self._worker, streams)
        return {row["stream_id"]: row["version"] for row in rows}

    async def _connect(self) -> Driver:
        """A move lost in a crash of the server is made again: the deeds carry derived ids."""
        connection = await self._database.own_connection(f"duebook {self._worker}")
        await connection.execute("SET synchronous_commit = off")
        return connection


class Reactor:
    """A Handler: all reactions of a service, in the order of the log."""

    def __init__(
        self,
        reactions: Sequence[Reaction],
        handlers: Handlers,
        *,
        database: Database,
        progress: Progress,
        submitting: Submitting,
        facts: Facts,
        clock: DomainClock,
    ) -> None:
        self._reactions = reactions
        self._handlers = handlers
        self._database = database
        self._progress = progress
        self._submitting = submitting
        self._facts = facts
        self._clock = clock

    async def handle(self, cursors: Cursors, batch: Batch) -> Mapping[TopicPartition, int]:
        fresh = await self._progress.fresh(batch)
        asks = [
            _Ask(recorded, reaction)
            for recorded in fresh.events
            for reaction in self._reactions
            if isinstance(recorded.event, reaction.hears)
        ]
        if asks:
            wishes = await self._wishes(asks)
            failpoints.hit("reactor.before_submit")
            await self._submitting.submit(wishes)
            failpoints.hit("reactor.after_submit")
        upto = ends_of(batch)
        await self._progress.move(cursors, upto, fresh)
        return upto

    def stop(self) -> None:
        self._facts.stop()

    async def close(self) -> None:
        await self._progress.close()
        await self._facts.close()

    async def _wishes(self, asks: Sequence[_Ask]) -> Sequence[Wish]:
        answers = await self._answers([ask for ask in asks if ask.reaction.ask is not None])
        now = await self._clock.now()
        wishes: list[Wish] = []
        for ask in asks:
            facts = answers.get((ask.recorded.id, ask.reaction.name))
            for command in ask.reaction.react(ask.recorded, facts):
                work = self._handlers[type(command)](command)
                caller = caller_of(ask.recorded, ask.reaction.name, now)
                wishes.append(Wish(ask.reaction.name, work, caller))
        return wishes

    async def _answers(self, asks: Sequence[_Ask]) -> Mapping[tuple[Any, str], Any]:
        """All questions of a batch, of one instant that is not before any of their events."""
        if not asks:
            return {}
        await self._facts.ready([(ask.recorded, ask.reaction.needs) for ask in asks])
        tenants = {ask.recorded.tenant_id for ask in asks}
        answers: dict[tuple[Any, str], Any] = {}
        async with self._database.bound(tenants, snapshot=True) as connection:
            for recorded, reaction in asks:
                if reaction.ask is not None:
                    answers[recorded.id, reaction.name] = await reaction.ask(connection, recorded)
        return answers


_Performed = tuple[int, Sequence[Wish]]  # The event's offset, and what followed from it.


def _offset(performed: _Performed) -> int:
    return performed[0]


class Performer:
    """A Handler: one effect, event by event. A partition whose effect is unreachable rests."""

    def __init__(
        self,
        effect: Effect,
        handlers: Handlers,
        *,
        progress: Progress,
        submitting: Submitting,
        clock: DomainClock,
    ) -> None:
        self._effect = effect
        self._handlers = handlers
        self._progress = progress
        self._submitting = submitting
        self._clock = clock
        self._log = SparingLog(__name__)

    async def handle(self, cursors: Cursors, batch: Batch) -> Mapping[TopicPartition, int]:
        """Some events of each partition, in order, and the cursor after them."""
        fresh = {at: await self._progress.fresh({at: part}) for at, part in batch.items()}
        done = await asyncio.gather(
            *(self._perform_some(cursors, at, part, fresh[at]) for at, part in batch.items())
        )
        parts = {at: part for at, part, _ in done if part}
        await self._submitting.submit([wish for _, _, wishes in done for wish in wishes])
        if parts:
            await self._progress.move(cursors, ends_of(parts), await self._progress.fresh(parts))
        return ends_of(parts)

    async def _perform_some(
        self, cursors: Cursors, at: TopicPartition, records: Sequence[LogRecord], fresh: Fresh
    ) -> tuple[TopicPartition, Sequence[LogRecord], Sequence[Wish]]:
        """In order within a stream; streams do not wait for each other."""
        mine = [r for r in fresh.events if isinstance(r.event, self._effect.hears)]
        stop = mine[EFFECTS_MAX].offset if len(mine) > EFFECTS_MAX else records[-1].offset + 1
        streams: dict[UUID, list[Recorded[Any]]] = {}
        for recorded in mine[:EFFECTS_MAX]:
            streams.setdefault(recorded.stream_id, []).append(recorded)
        done = await asyncio.gather(*(self._perform_stream(one) for one in streams.values()))
        waiting = [offset for _, offset in done if offset is not None]
        if waiting:
            self._log.info("effect waits", effect=self._effect.name)
            cursors.rest(at, UNREACHABLE_REST_S)
            stop = min(waiting)  # What was performed behind it is performed again.
        performed = sorted((pair for pairs, _ in done for pair in pairs), key=_offset)
        wishes = [wish for offset, some in performed if offset < stop for wish in some]
        return at, [record for record in records if record.offset < stop], wishes

    async def _perform_stream(
        self, events: Sequence[Recorded[Any]]
    ) -> tuple[Sequence[_Performed], int | None]:
        """One after the other, up to the first that has to wait; the offset of that one."""
        performed: list[_Performed] = []
        for recorded in events:
            try:
                performed.append((recorded.offset, await self._perform(recorded)))
            except Unreachable:
                return performed, recorded.offset
        return performed, None

    def stop(self) -> None:
        """What is being performed is finished."""

    async def close(self) -> None:
        await self._progress.close()

    async def _perform(self, recorded: Recorded[Any]) -> Sequence[Wish]:
        commands = await self._effect.perform(recorded)
        failpoints.hit("effect.after_perform")
        caller = caller_of(recorded, self._effect.name, await self._clock.now())
        works = [self._handlers[type(command)](command) for command in commands]
        return [Wish(self._effect.name, work, caller) for work in works]


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
