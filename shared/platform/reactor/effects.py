"""Performs effects, what is done outside, event by event; then the commands that follow.

Whoever is away is waited for. What fails for a reason of its own concerns its own stream alone.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final, TypeVar, cast
from uuid import UUID

import structlog

from shared.kernel.envelope import Recorded
from shared.platform.clock import DomainClock
from shared.platform.log.port import LogRecord, TopicPartition
from shared.platform.observability import failpoints
from shared.platform.observability import metrics as meters
from shared.platform.observability.throttled_log import ThrottledLog
from shared.platform.reactor.port import Effect, Unreachable
from shared.platform.reactor.runtime import Handlers, Progress, caller_of
from shared.platform.store.submission import Submission, Submitter
from shared.platform.subscription.consumer import Batch, Cursors, ends_of
from shared.platform.subscription.decoding import Unprocessed

T = TypeVar("T")

EFFECT_PREFIX: Final = "effect:"
UNREACHABLE_REST_S: Final = 2.0  # a partition waits so long before an effect is tried again
EFFECT_TRIES_MAX: Final = 5  # of an event that fails for a reason of its own
RECORDS_MAX: Final = 500  # of one batch, which is read anew after every EFFECTS_MAX
EFFECTS_MAX: Final = 20  # performed in a partition before its cursor moves; again after a crash

_log = structlog.get_logger(__name__)

_Performed = tuple[int, Sequence[Submission]]  # The event's offset, and what followed from it.


def _offset(performed: _Performed) -> int:
    return performed[0]


async def _all_ended(*performing: Coroutine[Any, Any, T]) -> Sequence[T]:
    """What came of each. Raises the first problem once all have ended: nothing is performed
    beside its own repetition.
    """
    ended = await asyncio.gather(*performing, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException):
            raise one
    return cast(Sequence[T], ended)


class EffectRunner:
    """A Handler: one effect, event by event. A partition whose effect is unreachable rests.

    An event that fails for a reason of its own is given up after EFFECT_TRIES_MAX tries, and its
    stream alone has it: what follows from that is decided, and the cursor passes it.
    """

    records_max = RECORDS_MAX

    def __init__(
        self,
        service: str,
        effect: Effect,
        handlers: Handlers,
        *,
        progress: Progress,
        submitter: Submitter,
        clock: DomainClock,
    ) -> None:
        self._service = service
        self._effect = effect
        self._handlers = handlers
        self._progress = progress
        self._submitter = submitter
        self._clock = clock
        self._log = ThrottledLog(__name__)
        self._tries: dict[UUID, int] = {}  # Event -> how often it failed, until it is passed.

    async def handle(self, cursors: Cursors, batch: Batch) -> Mapping[TopicPartition, int]:
        """Some events of each partition, in order, and the cursor after them."""
        if await self._progress.pass_by(cursors, batch, self._effect.subscribes_to):
            return ends_of(batch)
        unprocessed = {
            at: await self._progress.unprocessed({at: part}, cursors.parked)
            for at, part in batch.items()
        }
        done = await _all_ended(
            *(self._perform_some(cursors, at, part, unprocessed[at]) for at, part in batch.items())
        )
        parts = {at: part for at, part, _ in done if part}
        await self._submitter.submit(
            [submission for _, _, submissions in done for submission in submissions]
        )
        if parts:
            await self._progress.move(
                cursors,
                ends_of(parts),
                await self._progress.unprocessed(parts, cursors.parked),
            )
        return ends_of(parts)

    async def react_to(self, events: Sequence[Recorded[Any]]) -> None:
        """Performs the effect once more for each, and writes what follows.

        Raises TimeoutError where somebody is away.
        """
        for recorded in events:
            if not isinstance(recorded.event, self._effect.subscribes_to):
                continue
            try:
                submissions = await self._perform(recorded)
            except Unreachable:
                raise TimeoutError(self._effect.name) from None
            except Exception as problem:
                submissions = await self._given_up(recorded, problem)
            await self._submitter.submit(submissions)

    async def _perform_some(
        self,
        cursors: Cursors,
        at: TopicPartition,
        records: Sequence[LogRecord],
        unprocessed: Unprocessed,
    ) -> tuple[TopicPartition, Sequence[LogRecord], Sequence[Submission]]:
        """In order within a stream; streams do not wait for each other."""
        mine = [r for r in unprocessed.events if isinstance(r.event, self._effect.subscribes_to)]
        stop = mine[EFFECTS_MAX].offset if len(mine) > EFFECTS_MAX else records[-1].offset + 1
        streams: dict[UUID, list[Recorded[Any]]] = {}
        for recorded in mine[:EFFECTS_MAX]:
            streams.setdefault(recorded.stream_id, []).append(recorded)
        done = await _all_ended(*(self._perform_stream(one) for one in streams.values()))
        waiting = [offset for _, offset in done if offset is not None]
        if waiting:
            self._log.info("effect waits", effect=self._effect.name)
            cursors.rest(at, UNREACHABLE_REST_S)
            stop = min(waiting)  # What was performed behind it is performed again.
        for recorded in mine:
            if recorded.offset < stop:
                self._tries.pop(recorded.id, None)
        performed = sorted((pair for pairs, _ in done for pair in pairs), key=_offset)
        submissions = [
            submission for offset, some in performed if offset < stop for submission in some
        ]
        return at, [record for record in records if record.offset < stop], submissions

    async def _perform_stream(
        self, events: Sequence[Recorded[Any]]
    ) -> tuple[Sequence[_Performed], int | None]:
        """One after the other, up to the first that has to wait; the offset of that one."""
        performed: list[_Performed] = []
        for recorded in events:
            try:
                performed.append((recorded.offset, await self._perform(recorded)))
            except Unreachable:
                meters.EFFECTS_WAITED.labels(self._service, self._effect.name).inc()
                return performed, recorded.offset
            except Exception as problem:
                if self._is_tried_again(recorded, problem):
                    return performed, recorded.offset
                performed.append((recorded.offset, await self._given_up(recorded, problem)))
        return performed, None

    def _is_tried_again(self, recorded: Recorded[Any], problem: Exception) -> bool:
        """Counts what failed for a reason of its own."""
        tries = self._tries[recorded.id] = self._tries.get(recorded.id, 0) + 1
        if tries < EFFECT_TRIES_MAX:
            self._log.warning(
                "effect failed and is tried again",
                effect=self._effect.name,
                problem=type(problem).__name__,
            )
            return True
        if tries == EFFECT_TRIES_MAX:
            meters.EFFECTS_FAILED.labels(self._service, self._effect.name).inc()
            _log.error(
                "effect given up",
                service=self._service,
                effect=self._effect.name,
                position=recorded.position,
                stream_id=str(recorded.stream_id),
                problem=type(problem).__name__,
                # Without what it says: that may be somebody's address.
                frames=traceback.format_tb(problem.__traceback__),
            )
        return False

    async def _given_up(self, recorded: Recorded[Any], problem: Exception) -> Sequence[Submission]:
        """What follows from it; where the effect does not say, its stream is parked."""
        if self._effect.failed is None:
            raise problem
        return await self._submissions(
            recorded, self._effect.failed(recorded, type(problem).__name__)
        )

    def stop(self) -> None:
        """What is being performed is finished."""

    async def close(self) -> None:
        await self._progress.close()

    async def _perform(self, recorded: Recorded[Any]) -> Sequence[Submission]:
        commands = await self._effect.perform(recorded, await self._clock.now())
        failpoints.hit("effect.after_perform")
        return await self._submissions(recorded, commands)

    async def _submissions(
        self, recorded: Recorded[Any], commands: Sequence[Any]
    ) -> Sequence[Submission]:
        caller = caller_of(recorded, self._effect.name, await self._clock.now())
        works = [self._handlers[type(command)](command) for command in commands]
        return [Submission(self._effect.name, work, caller) for work in works]
