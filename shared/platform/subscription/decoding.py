"""Decodes log records as a service understands them, and drops what was processed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from shared.kernel.envelope import Recorded
from shared.platform.codec import Codec
from shared.platform.log.envelope import envelope_of, type_of
from shared.platform.log.port import LogRecord, TopicPartition
from shared.platform.subscription.consumer import Batch, VersionGap

CHUNK_RECORDS: Final = 64  # decoded records that are remembered and forgotten together
REMEMBERED_MAX: Final = 125  # chunks, some batches: the workers of a service read the same ones


class Unprocessed(NamedTuple):
    """What is new in a batch, in log order, and the versions processed after it and before."""

    events: Sequence[Recorded[Any]]
    versions: Mapping[UUID, int]
    before: Mapping[UUID, int]  # The versions processed before, of these streams at least.
    duplicates: int
    passed_over: Collection[UUID] = ()  # Parked streams that are in the batch.


class EventDecoder:
    """Decodes each record once for all workers of a service. Events are immutable, so shared.

    The event is None where nobody here knows its type.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._remembered: OrderedDict[tuple[TopicPartition, int], list[Recorded[Any] | None]] = (
            OrderedDict()
        )

    def decode(self, at: TopicPartition, record: LogRecord) -> Recorded[Any]:
        """Raises BadEnvelope, UnknownEventType, UndecodableEvent."""
        (decoded,) = self.decode_all({at: (record,)})
        return decoded

    def decode_all(self, batch: Batch) -> Sequence[Recorded[Any]]:
        """Partition by partition, each in its order. Raises as `decode` does."""
        return [
            decoded
            for at in sorted(batch)
            for records in _by_chunk(batch[at])
            for decoded in self._decoded(at, records)
        ]

    def _decoded(self, at: TopicPartition, records: Sequence[LogRecord]) -> Iterable[Recorded[Any]]:
        """Those of one chunk, if no offset is missing between them."""
        number, start = divmod(records[0].offset, CHUNK_RECORDS)
        if records[-1].offset - records[0].offset >= len(records):
            return [self._decode(at, record) for record in records]
        chunk = self._chunk(at, number)
        stop = start + len(records)
        if None in chunk[start:stop]:
            for n, record in enumerate(records, start):
                chunk[n] = chunk[n] or self._decode(at, record)
        return cast(Sequence[Recorded[Any]], chunk[start:stop])

    def _chunk(self, at: TopicPartition, number: int) -> list[Recorded[Any] | None]:
        chunk = self._remembered.get((at, number))
        if chunk is None:
            chunk = self._remembered[at, number] = [None] * CHUNK_RECORDS
            if len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return chunk

    def _decode(self, at: TopicPartition, record: LogRecord) -> Recorded[Any]:
        event = self._codec.decode(type_of(record), record.value)
        return envelope_of(at, record, event)


def _by_chunk(records: Sequence[LogRecord]) -> Iterator[Sequence[LogRecord]]:
    """Cuts records of dense offsets where chunks end."""
    begin = 0
    while begin < len(records):
        end = begin + CHUNK_RECORDS - records[begin].offset % CHUNK_RECORDS
        yield records[begin:end]
        begin = end


def unprocessed_of(
    records: Sequence[Recorded[Any]],
    processed: Mapping[UUID, int],
    parked: Collection[UUID] = (),
) -> Unprocessed:
    """Drops what was processed, refuses a gap. Types nobody here knows count all the same.

    What belongs to a parked stream is left where it is, and is not processed.
    """
    versions: dict[UUID, int] = {}
    before: dict[UUID, int] = {}
    events: list[Recorded[Any]] = []
    duplicates = 0
    passed_over: set[UUID] = set()
    for recorded in records:
        stream, version = recorded.stream_id, recorded.version
        if stream in parked:
            passed_over.add(stream)
            continue
        last = versions.get(stream)
        if last is None:
            last = before[stream] = processed.get(stream, 0)
        if version <= last:
            duplicates += 1
            continue
        if version != last + 1:
            raise VersionGap(f"{stream}: version {version} after version {last}")
        versions[stream] = version
        if recorded.event is not None:
            events.append(recorded)
    return Unprocessed(events, versions, before, duplicates, passed_over)


def assumed_of(
    records: Sequence[Recorded[Any]], parked: Collection[UUID] = ()
) -> Unprocessed | None:
    """What is new in a batch if everything before it was processed and nothing of it was.

    None: that cannot be, something is missing in it.
    """
    before: dict[UUID, int] = {}
    for recorded in records:
        before.setdefault(recorded.stream_id, recorded.version - 1)
    try:
        return unprocessed_of(records, before, parked)
    except VersionGap:
        return None
