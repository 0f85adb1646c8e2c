"""Submits works of reactions and timers to the writer, in order and not too many at once.

Says for each what became of it. A rejection is an answer, not an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from shared.kernel.decider import (
    Accepted,
    AnyWork,
    Caller,
    NotWritten,
    OutcomeUnknown,
    Overloaded,
    Rejected,
    UnknownStream,
)
from shared.platform.store.port import CommandQueue, EventStore

WORKS_MAX: Final = 500  # waiting at the writer for one worker
PAUSE_S: Final = 0.02  # while the writer's queue is full of others' works

_TRY_AGAIN: Final = (Overloaded, NotWritten, OutcomeUnknown)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Submission:
    """A work that an event or a timer asks for, and what it is called in logs."""

    name: str
    work: AnyWork
    caller: Caller
    must_look: bool = True  # Whether a first event with the derived id may be stored already.

    def first_ids(self) -> Sequence[UUID]:
        """What the first event on each stream would be called."""
        event_id: Callable[[UUID, int], UUID] | None = self.caller.event_id
        if event_id is None or not self.must_look:
            return ()
        return [event_id(stream.id, 1) for stream in self.work.streams]


class Submitter:
    """Submits for one worker at a time."""

    def __init__(self, service: str, writer: CommandQueue, store: EventStore) -> None:
        self._service = service
        self._writer = writer
        self._store = store

    async def submit(self, submissions: Sequence[Submission]) -> None:
        """Submits all: each is written, was written before, or was refused. Raises what is left.

        What can be repeated comes first: a caller that gets it repeats all, and the derived ids
        see to it that nothing happens twice.
        """
        for start in range(0, len(submissions), WORKS_MAX):
            await self._submit(submissions[start : start + WORKS_MAX])

    async def _submit(self, submissions: Sequence[Submission]) -> None:
        stored = await self._stored(submissions)
        unwritten = [w for w in submissions if stored.isdisjoint(w.first_ids())]
        futures = [await self._enqueue(submission) for submission in unwritten]
        answers = await asyncio.gather(*futures, return_exceptions=True)
        problems: list[tuple[Submission, BaseException]] = []
        for submission, answer in zip(unwritten, answers, strict=True):
            if isinstance(answer, Rejected | UnknownStream):
                self._note(submission, answer)
            elif isinstance(answer, BaseException):
                problems.append((submission, answer))
        for _, problem in problems:
            if isinstance(problem, _TRY_AGAIN):
                raise problem
        for submission, problem in problems:
            if not await self._was_forestalled(submission):
                raise problem

    async def _enqueue(self, submission: Submission) -> asyncio.Future[Accepted]:
        while True:  # Ends when the writer has worked off its queue, or closes for good.
            try:
                return self._writer.enqueue(submission.work, submission.caller, is_bulk=True)
            except Overloaded:
                if self._writer.in_flight == 0:
                    raise
                await asyncio.sleep(PAUSE_S)

    async def _stored(self, submissions: Sequence[Submission]) -> set[UUID]:
        wanted: dict[UUID, list[UUID]] = {}
        for submission in submissions:
            wanted.setdefault(submission.caller.tenant_id, []).extend(submission.first_ids())
        found: set[UUID] = set()
        for tenant, ids in wanted.items():
            if ids:
                found.update(await self._store.known_events(tenant, ids))
        return found

    async def _was_forestalled(self, submission: Submission) -> bool:
        """Says whether a worker that lost its lease wrote the same while we tried."""
        known = await self._store.known_events(submission.caller.tenant_id, submission.first_ids())
        return bool(known)

    def _note(self, submission: Submission, refusal: BaseException) -> None:
        _log.info(
            "submission refused",
            service=self._service,
            submission=submission.name,
            rejection=type(refusal).__name__,
            correlation_id=str(submission.caller.correlation_id),
        )
