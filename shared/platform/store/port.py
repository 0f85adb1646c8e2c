"""Describes the event store as the writer sees it: one transaction, a few set-wise steps."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from shared.kernel.decider import Accepted, AnyWork, Caller, PrivateRow

KeyId = tuple[UUID, str]  # tenant, Idempotency-Key


class Head(NamedTuple):
    """A stream's row, locked."""

    version: int
    kind: str
    tenant_id: UUID  # A batch may hold several tenants; one must not reach another's stream by id.


class StoredKey(NamedTuple):
    """What an idempotency key was used for."""

    fingerprint: bytes
    response: bytes


class TailEvent(NamedTuple):
    stream_id: UUID
    version: int
    type: str
    data: bytes
    legal_entity: str
    account_id: UUID
    recorded_at: datetime
    event_id: UUID


class StoredSnapshot(NamedTuple):
    """What a stream was folded to, of the history that is stored."""

    stream_id: UUID
    version: int
    data: bytes


class NewSnapshot(NamedTuple):
    """What a stream was folded to, and the event it was folded up to.

    `fingerprint` says what folded it; `event_id` of which history it is: after a server was set
    back, a version may be that of another event.
    """

    stream_id: UUID
    tenant_id: UUID
    version: int
    event_id: UUID
    fingerprint: bytes
    data: bytes


class StreamInfo(NamedTuple):
    """What is known of a stream without folding it."""

    kind: str
    account_id: UUID
    legal_entity: str
    version: int


@dataclass(slots=True)
class NewStream:
    id: UUID
    kind: str
    tenant_id: UUID
    account_id: UUID
    legal_entity: str
    partition: int
    version: int


@dataclass(slots=True)
class NewEvent:
    stream_id: UUID
    version: int
    id: UUID
    type: str
    schema_version: int
    tenant_id: UUID
    account_id: UUID
    partition: int
    effective_on: date
    recorded_at: datetime
    data: bytes
    headers: Mapping[str, str]  # The envelope beyond the columns.
    topics: Sequence[str]  # Outbox rows.


class TimerRow(NamedTuple):
    stream_id: UUID
    name: str
    due_at: datetime
    since_version: int
    partition: int
    tenant_id: UUID


@dataclass(slots=True)
class Writes:
    """All that one batch changes, written by the last statement of its transaction."""

    created: list[NewStream] = field(default_factory=list)
    expected: dict[UUID, int] = field(default_factory=dict)  # Existing streams decisions rest on.
    moved: dict[UUID, int] = field(default_factory=dict)  # Their new versions, where changed.
    events: list[NewEvent] = field(default_factory=list)
    keys: dict[KeyId, StoredKey] = field(default_factory=dict)
    timers_kept: list[TimerRow] = field(default_factory=list)  # Upserted.
    timers_gone: list[tuple[UUID, str]] = field(default_factory=list)
    private: list[tuple[UUID, PrivateRow]] = field(default_factory=list)  # tenant, row


class Conflict(Exception):
    """A version, a stream or a key is not as expected. Nothing was written; decide again."""


class DuplicateEvent(Exception):
    """An event with this id is stored already. Nothing was written; trying again will not help."""


class CommitUncertain(Exception):
    """COMMIT was sent, was not answered, and nobody could be asked."""


class Transaction(Protocol):
    """One connection at work for the writer. Any exception but CommitUncertain: nothing stays."""

    async def begin(self, tenants: Collection[UUID]) -> None: ...

    async def lock(self, streams: Collection[UUID]) -> Mapping[UUID, Head]:
        """Locks the existing ones in id order until the end."""
        ...

    async def stored_keys(self, keys: Collection[KeyId]) -> Mapping[KeyId, StoredKey]:
        """Looks up keys after the locks, in a snapshot of its own."""
        ...

    async def tails(self, after: Mapping[UUID, int]) -> Iterable[TailEvent]:
        """Events after the given versions, by stream and version."""
        ...

    async def snapshots(self, fingerprints: Mapping[UUID, bytes]) -> Iterable[StoredSnapshot]:
        """Snapshots of streams, where they have one with this fingerprint and this history."""
        ...

    async def write_and_commit(self, writes: Writes) -> None:
        """Writes all or nothing. Raises Conflict, DuplicateEvent, CommitUncertain."""
        ...

    async def rollback(self) -> None:
        """Leave nothing open, whatever happened before."""
        ...

    async def close(self) -> None: ...


class EventStore(Protocol):
    """The event store of one service."""

    async def transaction(self) -> Transaction:
        """A connection of the writer's own, kept for many transactions."""
        ...

    async def describe(
        self, tenant_id: UUID, streams: Collection[UUID]
    ) -> Mapping[UUID, StreamInfo]:
        """Describes the existing ones; committed, not from a projection."""
        ...

    async def known_events(self, tenant_id: UUID, ids: Collection[UUID]) -> Collection[UUID]:
        """Which of the event ids are stored (reactions look for theirs before they decide)."""
        ...

    async def keep_snapshot(self, snapshot: NewSnapshot) -> None:
        """Keeps it instead of the stream's last one. Not in the writer's transaction."""
        ...

    def is_transient(self, problem: BaseException) -> bool:
        """Says whether the same batch is worth another attempt; all else is blamed on a command."""
        ...


class CommandQueue(Protocol):
    """The writer as reactions and timers see it."""

    def enqueue(
        self, work: AnyWork, caller: Caller, *, is_bulk: bool = False
    ) -> asyncio.Future[Accepted]:
        """Queues works, decided in the order of the calls, those in bulk after single ones.

        Raises Overloaded when the queue is full.
        """
        ...

    @property
    def in_flight(self) -> int:
        """Works that are not answered yet."""
        ...
