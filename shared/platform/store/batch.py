"""Decides the works of one transaction, one after another, on evolving states. No IO, no clock.

A work enters the batch as a whole or not at all; what goes wrong in one is its own caller's affair.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from shared.kernel.decider import (
    EVENTS_MAX,
    STREAMS_MAX,
    Accepted,
    AnyChange,
    AnyStream,
    AnyWork,
    Caller,
    Folded,
    KeyReused,
    PrivateRow,
    StaleVersion,
    States,
    TooMuchAtOnce,
    UnknownStream,
)
from shared.kernel.ids import partition_of
from shared.platform import codec as codecs
from shared.platform.log.envelope import instant_text
from shared.platform.store.cache import Known
from shared.platform.store.folding import NO_TIMERS, after_event, before_first_event
from shared.platform.store.port import (
    DuplicateEvent,
    Head,
    KeyId,
    NewEvent,
    NewStream,
    StoredKey,
    TimerRow,
    Writes,
)

DECIDED_AT_ONCE: Final = 64  # works before others run; the transaction waits meanwhile
EVENT_BYTES_MAX: Final = 900_000  # of one event as JSON; with its envelope it fits a record

TopicsOf = Callable[[str], Sequence[str]]


class Loaded(NamedTuple):
    """What the transaction found, after its locks."""

    heads: Mapping[UUID, Head]
    folded: Mapping[UUID, Folded]  # Of the heads that a work names by their right kind.
    broken: Mapping[UUID, Exception]  # Streams whose history does not fit.
    stored: Mapping[KeyId, StoredKey]


class _Decision:
    """Holds what one work would change. It is thrown away when anything in it fails."""

    def __init__(self, before: Mapping[UUID, Folded]) -> None:
        self.after = dict(before)
        self.changed: set[UUID] = set()
        self.created: list[NewStream] = []
        self.events: list[NewEvent] = []

    def written(self, id: UUID, before: Mapping[UUID, Folded]) -> int:
        """How many events the stream has got so far."""
        return self.after[id].version - before[id].version


class UndeclaredTable(LookupError):
    """A use case keeps personal data in a table that no area of its service declares."""


class Batch:
    """Decides works in order; each sees what the ones before it did, or nothing of them."""

    def __init__(
        self,
        loaded: Loaded,
        codec: codecs.Codec,
        topics_of: TopicsOf,
        first_id: int,
        *,
        private_tables: Collection[str] = (),
    ) -> None:
        self._loaded = loaded
        self._codec = codec
        self._topics_of = topics_of
        self._private_tables = private_tables
        self._next_id = first_id  # Ids without a rule of their own count up from here.
        self._stored: dict[KeyId, StoredKey] = dict(loaded.stored)
        self._created: dict[UUID, NewStream] = {}
        self._event_ids: set[UUID] = set()
        self._relied_on: set[UUID] = set()
        self._private: dict[tuple[str, UUID], tuple[UUID, PrivateRow]] = {}
        self._keys: dict[KeyId, StoredKey] = {}
        self._events: list[NewEvent] = []
        self.now: dict[UUID, Folded] = {}  # States of the changed streams.

    @property
    def is_empty(self) -> bool:
        return not self._events

    @property
    def compares_all(self) -> bool:
        """Whether the write looks at every stream a decision rests on."""
        return all(id in self._loaded.heads or id in self._created for id in self._relied_on)

    def known(self) -> Iterator[tuple[UUID, Known]]:
        """The changed streams as they are once the batch is written."""
        for id, folded in self.now.items():
            row = self._loaded.heads.get(id) or self._created[id]
            yield id, Known(Head(folded.version, row.kind, row.tenant_id), folded)

    def run(self, work: AnyWork, caller: Caller) -> Accepted | Exception:
        """Decides a work and gives its answer, or the exception that its caller gets instead."""
        key = None if caller.key is None else (caller.tenant_id, caller.key)
        try:
            if key is not None and (known := self._stored.get(key)) is not None:
                return _replay(known, caller)
            before = self._states_before(work, caller)
            decision = self._decide(work, caller, before)
            answer = work.answer(States(decision.after, caller.decided_at))
        except Exception as problem:  # A bug in one use case must not reach its neighbors.
            return problem
        versions = {id: decision.after[id].version for id in decision.changed}
        accepted = Accepted(answer, decision.after[work.streams[0].id].version, versions)
        if not caller.dry_run and decision.events:
            self._record(work, caller, decision)
            if key is not None:
                stored = StoredKey(caller.fingerprint, encode_response(accepted))
                self._keys[key] = self._stored[key] = stored
        return accepted

    def writes(self) -> Writes:
        """All that was decided, for the last statement of the transaction."""
        heads = self._loaded.heads
        writes = Writes(events=self._events, keys=self._keys, private=list(self._private.values()))
        for id, stream in self._created.items():
            stream.version = self.now[id].version
            writes.created.append(stream)
        writes.expected = {id: heads[id].version for id in self._relied_on if id in heads}
        writes.moved = {id: now.version for id, now in self.now.items() if id in heads}
        for id in self.now:
            self._compare_timers(id, writes)
        return writes

    def _states_before(self, work: AnyWork, caller: Caller) -> Mapping[UUID, Folded]:
        if len(work.streams) > STREAMS_MAX:
            raise TooMuchAtOnce(f"{len(work.streams)} streams")
        for row in work.private:
            if row.table not in self._private_tables:
                raise UndeclaredTable(row.table)
        before = {stream.id: self._as_of_now(stream, caller.tenant_id) for stream in work.streams}
        first = work.streams[0]
        version = before[first.id].version
        if version == 0 and first.book is None:
            raise UnknownStream(first.aggregate.kind)
        if caller.expected_version is not None and caller.expected_version != version:
            raise StaleVersion
        return before

    def _as_of_now(self, stream: AnyStream, tenant_id: UUID) -> Folded:
        """Gives the stream as it is now; one of another kind or tenant is as good as none."""
        if not self._is_there(stream, tenant_id):
            return before_first_event(stream.aggregate)
        if stream.id in self._loaded.broken:
            raise self._loaded.broken[stream.id]
        return self.now.get(stream.id) or self._loaded.folded[stream.id]

    def _is_there(self, stream: AnyStream, tenant_id: UUID) -> bool:
        known = self._loaded.heads.get(stream.id) or self._created.get(stream.id)
        if known is None:
            return False
        return known.kind == stream.aggregate.kind and known.tenant_id == tenant_id

    def _decide(self, work: AnyWork, caller: Caller, before: Mapping[UUID, Folded]) -> _Decision:
        decision = _Decision(before)
        for change in tuple(work.decide(States(before, caller.decided_at))):
            if change.stream.id not in before:
                raise TypeError("a change of a stream that the work did not name")
            if change.after != decision.written(change.stream.id, before):
                raise TypeError("a change was decided on another state than it comes to")
            if change.events:
                decision.changed.add(change.stream.id)
                self._apply(change, caller, decision)
        ids = {event.id for event in decision.events}
        if len(ids) < len(decision.events) or not ids.isdisjoint(self._event_ids):
            raise DuplicateEvent
        _complete_headers(decision.events)
        return decision

    def _apply(self, change: AnyChange, caller: Caller, decision: _Decision) -> None:
        """Evolve the stream and describe its new rows."""
        stream = change.stream
        folded = decision.after[stream.id]
        if folded.version == 0:
            folded = self._create(change, caller, decision)
        if len(decision.events) + len(change.events) > EVENTS_MAX:
            raise TooMuchAtOnce(f"more than {EVENTS_MAX} events")
        if folded.account_id is None:
            raise TypeError("a stream without a partition key")
        account_id, legal_entity = folded.account_id, folded.legal_entity
        partition = partition_of(account_id)
        recorded_at = max(caller.decided_at, folded.recorded_at or caller.decided_at)
        headers = {
            "subject": str(change.subject or stream.id),
            "time": instant_text(_happened_at(change, caller) or recorded_at),
            "entityid": legal_entity,
            **_headers_of(caller),
        }
        for event, id in zip(change.events, self._ids(change, caller, decision), strict=True):
            folded = after_event(
                folded,
                stream.aggregate,
                event,
                account_id=account_id,
                legal_entity=legal_entity,
                recorded_at=recorded_at,
            )
            name, data = self._codec.encode(event)
            if len(data) > EVENT_BYTES_MAX:  # The log would refuse it, for ever.
                raise TooMuchAtOnce(f"{name}: {len(data)} of at most {EVENT_BYTES_MAX} bytes")
            decision.events.append(
                NewEvent(
                    stream_id=stream.id,
                    version=folded.version,
                    id=id,
                    type=name,
                    schema_version=codecs.version(name),
                    tenant_id=caller.tenant_id,
                    account_id=account_id,
                    partition=partition,
                    effective_on=change.effective_on,
                    recorded_at=recorded_at,
                    data=data,
                    headers=headers,
                    topics=self._topics_of(name),
                )
            )
        decision.after[stream.id] = folded

    def _create(self, change: AnyChange, caller: Caller, decision: _Decision) -> Folded:
        """Creates the stream: before its first event, but with its place."""
        stream = change.stream
        if stream.book is None:
            raise TypeError("nothing can be created under an id alone")
        if stream.book.tenant_id != caller.tenant_id:
            raise TypeError("the book belongs to another tenant than the caller")
        account_id = stream.aggregate.account_of(change.events[0]) or stream.id
        decision.created.append(
            NewStream(
                id=stream.id,
                kind=stream.aggregate.kind,
                tenant_id=caller.tenant_id,
                account_id=account_id,
                legal_entity=stream.book.legal_entity,
                partition=partition_of(account_id),
                version=0,  # Set when the batch is complete.
            )
        )
        return decision.after[stream.id]._replace(
            account_id=account_id, legal_entity=stream.book.legal_entity
        )

    def _ids(self, change: AnyChange, caller: Caller, decision: _Decision) -> Iterator[UUID]:
        if change.ids:
            yield from change.ids
        elif caller.event_id is not None:
            for n in range(1, len(change.events) + 1):
                yield caller.event_id(change.stream.id, change.after + n)
        else:
            for _ in change.events:
                yield UUID(int=self._next_id + len(decision.events))

    def _record(self, work: AnyWork, caller: Caller, decision: _Decision) -> None:
        """Takes the caller into the batch. Nothing in here can fail."""
        self.now.update((id, decision.after[id]) for id in decision.changed)
        self._created.update((stream.id, stream) for stream in decision.created)
        self._relied_on.update(stream.id for stream in work.streams)
        self._events.extend(decision.events)
        self._event_ids.update(event.id for event in decision.events)
        self._next_id += len(decision.events)
        for row in work.private:
            _, known = self._private.get((row.table, row.id), (caller.tenant_id, row))
            merged = row._replace(details={**known.details, **row.details})
            self._private[row.table, row.id] = (caller.tenant_id, merged)

    def _compare_timers(self, id: UUID, writes: Writes) -> None:
        loaded = self._loaded.folded.get(id)
        before = NO_TIMERS if loaded is None else loaded.timers
        after = self.now[id].timers
        if after is before:
            return
        event_place = self._place_of(id)
        writes.timers_gone.extend((id, name) for name in before if name not in after)
        writes.timers_kept.extend(
            TimerRow(id, name, armed.due_at, armed.since_version, *event_place)
            for name, armed in after.items()
            if before.get(name) != armed
        )

    def _place_of(self, id: UUID) -> tuple[int, UUID]:
        """Partition and tenant of a changed stream."""
        if (created := self._created.get(id)) is not None:
            return created.partition, created.tenant_id
        return partition_of(self.now[id].account_id or id), self._loaded.heads[id].tenant_id


async def decided(
    batch: Batch, asked: Iterable[tuple[AnyWork, Caller]]
) -> AsyncIterator[Accepted | Exception]:
    """Decides in order, and lets others run in between: a batch takes longer than they can wait."""
    for number, (work, caller) in enumerate(asked, 1):
        yield batch.run(work, caller)
        if number % DECIDED_AT_ONCE == 0:
            await asyncio.sleep(0)


def encode_response(accepted: Accepted) -> bytes:
    """What is stored with an idempotency key: one line of JSON, then the answer's bytes."""
    head = {
        "version": accepted.version,
        "versions": {str(id): version for id, version in accepted.versions.items()},
    }
    return msgspec.json.encode(head) + b"\n" + accepted.answer


class _ResponseHead(msgspec.Struct):
    version: int
    versions: dict[UUID, int]


_HEAD_DECODER: Final = msgspec.json.Decoder(_ResponseHead)


def decode_response(stored: bytes) -> Accepted:
    line, _, answer = stored.partition(b"\n")
    head = _HEAD_DECODER.decode(line)
    return Accepted(answer, head.version, head.versions, replayed=True)


def _replay(known: StoredKey, caller: Caller) -> Accepted | Exception:
    if known.fingerprint != caller.fingerprint:
        return KeyReused()
    return decode_response(known.response)


def _happened_at(change: AnyChange, caller: Caller) -> datetime | None:
    """Tells when it happened; None: nobody knows better than when it was recorded."""
    if change.happened_at is not None or caller.cause is None:
        return change.happened_at
    return caller.cause.happened_at if change.effective_on == caller.cause.effective_on else None


def _headers_of(caller: Caller) -> Mapping[str, str]:
    """The part of the envelope that says who asked and why."""
    headers = {"actor": caller.actor, "correlationid": str(caller.correlation_id)}
    if caller.cause is not None:
        headers["causationid"] = str(caller.cause.event_id)
        headers["causationpos"] = caller.cause.position
    if caller.key is not None:
        headers["commandid"] = caller.key
        headers["commandhash"] = caller.fingerprint.hex()
    if caller.traceparent:
        headers["traceparent"] = caller.traceparent
    return headers


def _complete_headers(events: Sequence[NewEvent]) -> None:
    """Say which events were written together, so that a restore can tell a whole from a part."""
    for n, event in enumerate(events, 1):
        event.headers = {
            **event.headers,
            "txid": str(events[0].id),
            "txindex": str(n),
            "txcount": str(len(events)),
        }
