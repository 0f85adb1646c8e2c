"""The shape of all business logic, and what a use case and the writer say to each other. Pure.

Knows no database, no event loop, no clock and no encoding.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast
from uuid import UUID

from shared.kernel.days import start_of_day
from shared.kernel.ids import stream_id
from shared.kernel.payloads import payload_of, text_of

S = TypeVar("S")
E = TypeVar("E")
K = TypeVar("K")

STREAMS_MAX: Final = 500  # Streams one use case may name.
EVENTS_MAX: Final = 500  # Events one use case may write.


class Rejected(Exception):
    """A business rule said no. Expected, has a name, carries facts and not sentences.

    `field` is the JSON pointer of the request that broke the rule, where there is one.
    """

    def __init__(self, field: str = "", **facts: object) -> None:
        super().__init__(type(self).__name__, facts)
        self.field = field
        self.facts = facts


class CorruptHistory(Exception):
    """A stored event does not fit the state before it. A bug or a bad store: stop."""


def expect(state: object, kind: type[K]) -> K:
    if not isinstance(state, kind):
        raise CorruptHistory(f"expected {kind.__name__}, found {type(state).__name__}")
    return state


class Book(NamedTuple):
    """The space in which business numbers are unique."""

    tenant_id: UUID
    legal_entity: str


class Timer(NamedTuple):
    """What should be waiting now. `name` is unique in the stream and says what to do when due."""

    name: str
    due_at: datetime

    @classmethod
    def of(cls, payload: Hashable, due_at: datetime) -> Timer:
        """A timer that hands its payload, a dataclass, to `on_timer` when it is due."""
        return cls(text_of(payload), due_at)


class Decided(NamedTuple, Generic[E]):
    """What a decision came to: the events, and the business day they are about.

    With a `time_zone` they happened at the first instant of that day there; `happened_at` says it
    where somebody knows better; without either it is when they are recorded.
    """

    effective_on: date
    events: Sequence[E]
    time_zone: str | None = None
    happened_at: datetime | None = None


NOTHING: Final[Decided[Any]] = Decided(date.min, ())  # What was asked for is true already.


class Due(NamedTuple):
    """When a timer was due, and the instant it is decided at: later where nobody fired it."""

    at: datetime
    now: datetime


def _no_timers(state: object) -> Sequence[Timer]:
    return ()


def _on_no_timer(payload: Any, state: object, due: Due) -> Decided[Any]:
    raise CorruptHistory(f"{payload} is due on a stream without timers")


class Aggregate(Generic[S, E]):
    """A kind of stream: where it starts, how events change it, which timers should wait."""

    def __init__(
        self,
        kind: str,
        *,
        initial: S,
        evolve: Callable[[S, E], S],
        account_of: Callable[[E], UUID | None],
        timers: Callable[[S], Sequence[Timer]] = _no_timers,
        on_timer: Callable[[Any, S, Due], Decided[E] | Sequence[Decided[E]]] = _on_no_timer,
        payloads: Sequence[type] = (),
    ) -> None:
        self.kind = kind
        self.initial = initial
        self.evolve = evolve
        self.account_of = account_of  # Asked once, of the first event; None: the stream's own id.
        self.timers = timers
        self.on_timer = on_timer  # (payload, state, due), of `payloads`. Several: day after day.
        self.payloads = payloads

    def stream(self, book: Book, *number: str) -> Stream[S, E]:
        """The stream of a business number, there or not yet."""
        return Stream(self, stream_id(book.tenant_id, book.legal_entity, self.kind, *number), book)

    def existing(self, id: UUID) -> Stream[S, E]:
        """A stream known by id alone; nothing can be created under it."""
        return Stream(self, id, None)

    def fire(self, id: UUID, name: str, due_at: datetime) -> Work[S]:
        """The use case a due timer asks for. Raises UnknownTimer."""
        payload, stream = payload_of(name, self.payloads), self.existing(id)

        def decided(states: States) -> Sequence[AnyChange]:
            found = self.on_timer(payload, states.of(stream), Due(due_at, states.now))
            steps = Steps(states)
            for each in [found] if isinstance(found, Decided) else found:
                steps.take(stream, each)
            return steps.changes

        return Work((stream,), decided)


class Stream(NamedTuple, Generic[S, E]):
    """The typed name of one stream."""

    aggregate: Aggregate[S, E]
    id: UUID
    book: Book | None  # None: known by id, must exist to be changed.


class Armed(NamedTuple):
    """A waiting timer, and the version of the first event after which it waits with this due_at."""

    due_at: datetime
    since_version: int


class Folded(NamedTuple):
    """A stream as of one version."""

    version: int
    state: object
    account_id: UUID | None  # Partition key; None before the first event.
    legal_entity: str  # "" before the first event.
    recorded_at: datetime | None  # Of the last event.
    timers: Mapping[str, Armed]


class States:
    """The streams one use case named, and no others.

    `now` is the instant the decision is recorded at: the caller's, not before its cause's.
    """

    __slots__ = ("_folded", "now")

    def __init__(self, folded: Mapping[UUID, Folded], now: datetime) -> None:
        self._folded = folded
        self.now = now

    def of(self, stream: Stream[S, E]) -> S:
        return cast(S, self._folded[stream.id].state)

    def version(self, stream: Stream[S, E]) -> int:
        """0 when it does not exist."""
        return self._folded[stream.id].version

    def legal_entity(self, stream: Stream[S, E]) -> str:
        return self._folded[stream.id].legal_entity

    def recorded_at(self, stream: Stream[S, E]) -> datetime | None:
        return self._folded[stream.id].recorded_at


class Change(NamedTuple, Generic[S, E]):
    """Events to append to one stream, all with one business date.

    `happened_at` is when it happened for the business. None: the instant of the cause, where that
    has the same business date; else nobody knows better than when it was recorded.
    """

    stream: Stream[S, E]
    events: Sequence[E]
    effective_on: date
    ids: Sequence[UUID] = ()  # Where an event's id follows a rule of its own (an alert's).
    happened_at: datetime | None = None
    subject: UUID | None = None  # What it is about, where that is not the stream itself.
    after: int = 0  # Events of the same use case on this stream, before it was decided.


def changed(
    stream: Stream[S, E],
    decided: Decided[E],
    *,
    ids: Sequence[UUID] = (),
    subject: UUID | None = None,
) -> Change[S, E]:
    """What was decided about a stream, as its change."""
    day, zone = decided.effective_on, decided.time_zone
    happened_at = decided.happened_at
    if happened_at is None and zone is not None and decided.events:
        happened_at = start_of_day(day, zone)
    return Change(stream, decided.events, day, ids, happened_at, subject)


class Steps:
    """What one use case decides step by step: each step sees what the ones before it left."""

    def __init__(self, states: States) -> None:
        self._states = states
        self._taken: dict[UUID, list[Any]] = {}  # The events of each stream so far,
        self._known: dict[UUID, tuple[Any, int]] = {}  # and its state after so many of them.
        self.changes: list[Change[Any, Any]] = []

    def of(self, stream: Stream[S, E]) -> S:
        """The stream as it is now. Folded when asked for: most use cases have but one step."""
        state, folded = self._known.get(stream.id) or (self._states.of(stream), 0)
        taken = self._taken.get(stream.id, ())
        for event in taken[folded:]:
            state = stream.aggregate.evolve(state, event)
        self._known[stream.id] = state, len(taken)
        return state

    def take(self, stream: Stream[S, E], decided: Decided[E]) -> None:
        """What was decided on the streams as they are now becomes a change."""
        taken = self._taken.setdefault(stream.id, [])
        self.changes.append(changed(stream, decided)._replace(after=len(taken)))
        taken.extend(decided.events)


class Resource(NamedTuple, Generic[S]):
    """What a command was about, as it is after it: what its view is made from."""

    id: UUID
    version: int
    legal_entity: str
    state: S
    states: States  # Of all streams the command named.


AnyStream = Stream[Any, Any]  # Streams of several kinds in one list: the one place Any is needed.
AnyChange = Change[Any, Any]


class PrivateRow(NamedTuple):
    """Personal data that must not be in an event: a row of its own, in the same transaction.

    What is known stays unless `details` say otherwise; None takes it away.
    """

    table: str  # "party" or "note"
    id: UUID
    details: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Work(Generic[S]):
    """A use case bound to its command. Its functions are pure and may be called again.

    The first stream is the resource the command is about: its version is the ETag.
    """

    streams: tuple[Stream[S, Any], *tuple[AnyStream, ...]]
    decide: Callable[[States], Sequence[AnyChange]]  # Raises Rejected.
    answer: Callable[[States], bytes] = lambda states: b""  # Sees the states after it.
    private: Sequence[PrivateRow] = ()

    def answered(self, encode: Callable[[Resource[S]], bytes]) -> Work[S]:
        """The same use case, answered with its resource."""
        stream = self.streams[0]

        def answer(states: States) -> bytes:
            version, entity = states.version(stream), states.legal_entity(stream)
            return encode(Resource(stream.id, version, entity, states.of(stream), states))

        return replace(self, answer=answer)


AnyWork = Work[Any]  # About any kind of stream.


def work_on(
    stream: Stream[S, E],
    decide: Callable[[S], Decided[E]],
    *,
    ids: Sequence[UUID] = (),
    subject: UUID | None = None,
    private: Sequence[PrivateRow] = (),
) -> Work[S]:
    """A use case about one stream alone; `ids` and `subject` are those of its change."""
    return work_now(
        stream, lambda state, now: decide(state), ids=ids, subject=subject, private=private
    )


def work_now(
    stream: Stream[S, E],
    decide: Callable[[S, datetime], Decided[E]],
    *,
    ids: Sequence[UUID] = (),
    subject: UUID | None = None,
    private: Sequence[PrivateRow] = (),
) -> Work[S]:
    """As `work_on`, for what is dated when it is done: `decide` is also given `States.now`."""

    def decided(states: States) -> Sequence[AnyChange]:
        decision = decide(states.of(stream), states.now)
        return [changed(stream, decision, ids=ids, subject=subject)]

    return Work((stream,), decided, private=private)


class Cause(NamedTuple):
    """The event that made somebody ask, and where it stands on the log."""

    event_id: UUID
    recorded_at: datetime
    position: str  # topic/partition/offset
    effective_on: date
    happened_at: datetime | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, when, why, and how a repetition of the same command is recognized."""

    tenant_id: UUID
    actor: str
    now: datetime  # Domain clock.
    correlation_id: UUID
    key: str | None = None  # Idempotency-Key
    fingerprint: bytes = b""
    cause: Cause | None = None
    event_id: Callable[[UUID, int], UUID] | None = None  # (stream, n-th event there from 1) -> id
    expected_version: int | None = None  # If-Match: of the first stream.
    dry_run: bool = False
    traceparent: str = ""

    @property
    def decided_at(self) -> datetime:
        """Now; not before its cause was recorded, whose clock may be ahead."""
        return self.now if self.cause is None else max(self.now, self.cause.recorded_at)


@dataclass(frozen=True, slots=True)
class Accepted:
    """It is written, or it was written before: the same bytes either way."""

    answer: bytes
    version: int  # Of the first stream.
    versions: Mapping[UUID, int] = field(default_factory=dict)  # Of all that changed.
    replayed: bool = False


class StaleVersion(Exception):
    """If-Match names another version of the resource. HTTP 412."""


class UnknownStream(Exception):
    """The resource named by id does not exist, or is of another kind. HTTP 404."""


class KeyReused(Exception):
    """This idempotency key was used for another input. HTTP 422."""


class TooMuchAtOnce(Exception):
    """The use case names more than STREAMS_MAX streams, or writes too many or too large events."""


class Overloaded(Exception):
    """The queue is full. Nothing was written. HTTP 503, try again later."""


class NotWritten(Exception):
    """The database failed us, and certainly nothing was written. HTTP 503, try again."""


class OutcomeUnknown(Exception):
    """COMMIT was not answered and nobody could be asked. HTTP 504, repeat with the same key."""
