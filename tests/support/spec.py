"""Given events, when a command, then events or a named rejection; and works run without a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar
from uuid import UUID

import pytest

from shared.kernel.decider import (
    Aggregate,
    AnyStream,
    AnyWork,
    Decided,
    Folded,
    Rejected,
    States,
    Stream,
    Timer,
)
from shared.kernel.envelope import Recorded
from shared.kernel.ids import derived

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")
P = ParamSpec("P")

NEVER = datetime.max.replace(tzinfo=UTC)  # Where no decision is made.


@dataclass(frozen=True)
class Given(Generic[S, E]):
    """A stream with a history. `state` is what decisions see."""

    aggregate: Aggregate[S, E]
    history: Sequence[E]

    @property
    def state(self) -> S:
        state = self.aggregate.initial
        for event in self.history:
            state = self.aggregate.evolve(state, event)
        return state

    @property
    def timers(self) -> Sequence[Timer]:
        return self.aggregate.timers(self.state)

    def when(
        self,
        decide: Callable[Concatenate[C, S, P], Decided[E] | Sequence[E]],
        command: C,
        *context: P.args,
        **named: P.kwargs,
    ) -> When[S, E]:
        """`decide(command, state, ...)`: what follows the state is other streams' states."""
        return When(self, lambda state: decide(command, state, *context, **named))


@dataclass(frozen=True)
class When(Generic[S, E]):
    given: Given[S, E]
    decide: Callable[[S], Decided[E] | Sequence[E]]

    def then(self, *expected: E) -> None:
        __tracebackhide__ = True
        assert list(events_of(self.decide(self.given.state))) == list(expected)

    def then_on(self, day: date) -> None:
        """Something happens, and it is about this day."""
        __tracebackhide__ = True
        decided = self.decide(self.given.state)
        assert isinstance(decided, Decided)
        assert decided.events
        assert decided.effective_on == day

    def then_nothing(self) -> None:
        __tracebackhide__ = True
        self.then()

    def then_rejected(self, reason: type[Rejected], field: str | None = None) -> None:
        """The exact class; with `field`, also the pointer it names."""
        __tracebackhide__ = True
        with pytest.raises(reason) as caught:
            self.decide(self.given.state)
        assert caught.type is reason
        if field is not None:
            assert caught.value.field == field


def events_of(decided: Decided[E] | Sequence[E]) -> Sequence[E]:
    return decided.events if isinstance(decided, Decided) else decided


def given(aggregate: Aggregate[S, E], *history: E) -> Given[S, E]:
    return Given(aggregate, history)


@dataclass
class Streams:
    """Streams in memory. Runs works one after the other as the writer would; keeps what happened.

    `names` are the published types (class -> name); ids of events are made from stream and version.
    """

    tenant_id: UUID
    names: Mapping[type, str] = field(default_factory=dict)
    recorded: list[Recorded[Any]] = field(default_factory=list)
    _folded: dict[UUID, Folded] = field(default_factory=dict)

    def run(self, work: AnyWork, now: datetime) -> bytes:
        """The answer. Raises what `decide` raises, and then nothing has changed."""
        changes = work.decide(self._states(work.streams, now))
        for change in changes:
            for event in change.events:
                self._append(change.stream, event, change.effective_on, now)
        return work.answer(self._states(work.streams, now))

    def append(self, stream: Stream[S, E], events: Sequence[E], now: datetime) -> None:
        """Puts events on the stream that no command wrote, all of the day of `now`."""
        for event in events:
            self._append(stream, event, now.date(), now)

    def state(self, stream: Stream[S, E]) -> S:
        return self._states([stream]).of(stream)

    def events_of(self, stream: AnyStream) -> Sequence[Any]:
        return [each.event for each in self.recorded if each.stream_id == stream.id]

    def _states(self, streams: Sequence[AnyStream], now: datetime = NEVER) -> States:
        return States({s.id: self._folded.get(s.id) or _absent(s) for s in streams}, now)

    def _append(self, stream: AnyStream, event: Any, effective_on: Any, now: datetime) -> None:
        before = self._folded.get(stream.id) or _absent(stream)
        aggregate = stream.aggregate
        version = before.version + 1
        account_id = before.account_id or aggregate.account_of(event) or stream.id
        self._folded[stream.id] = Folded(
            version,
            aggregate.evolve(before.state, event),
            account_id,
            before.legal_entity or (stream.book.legal_entity if stream.book else ""),
            now,
            {},
        )
        self.recorded.append(
            Recorded(
                event=event,
                type=self.names.get(type(event), type(event).__name__),
                id=derived(stream.id, "event", version),
                stream_id=stream.id,
                version=version,
                tenant_id=self.tenant_id,
                account_id=account_id,
                legal_entity=self._folded[stream.id].legal_entity,
                effective_on=effective_on,
                recorded_at=now,
            )
        )


def _absent(stream: AnyStream) -> Folded:
    return Folded(0, stream.aggregate.initial, None, "", None, {})
