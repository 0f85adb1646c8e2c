"""Decodes log records as a service understands them, and drops what was processed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from shared.kernel.envelope import Recorded
from shared.platform.codec import Codec
from shared.platform.log.envelope import Envelope, envelope_of
from shared.platform.log.port import LogRecord, TopicPartition
from shared.platform.subscription.consumer import Batch, VersionGap

REMEMBERED_MAX: Final = 2_000  # records, some batches: the workers of a service read the same ones


class DecodedRecord(NamedTuple):
    """A record, and its event where this service knows the type."""

    envelope: Envelope
    recorded: Recorded[Any] | None


class Unprocessed(NamedTuple):
    """What is new in a batch, in log order, and the versions processed after it."""

    events: Sequence[Recorded[Any]]
    versions: Mapping[UUID, int]
    duplicates: int
    passed_over: Collection[UUID] = ()  # Parked streams that are in the batch.


class EventDecoder:
    """Decodes each record once for all workers of a service. Events are immutable, so shared."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._remembered: OrderedDict[tuple[TopicPartition, int], DecodedRecord] = OrderedDict()

    def decode(self, at: TopicPartition, record: LogRecord) -> DecodedRecord:
        """Raises BadEnvelope, UnknownEventType, UndecodableEvent."""
        key = (at, record.offset)
        decoded = self._remembered.get(key)
        if decoded is None:
            envelope = envelope_of(record)
            event = self._codec.decode(envelope.type, record.value)
            recorded = None if event is None else envelope.around(event, at, record.offset)
            decoded = self._remembered[key] = DecodedRecord(envelope, recorded)
            if len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return decoded

    def decode_all(self, batch: Batch) -> Sequence[DecodedRecord]:
        return [self.decode(at, record) for at in sorted(batch) for record in batch[at]]


def unprocessed_of(
    records: Sequence[DecodedRecord],
    processed: Mapping[UUID, int],
    parked: Collection[UUID] = (),
) -> Unprocessed:
    """Drops what was processed, refuses a gap. Types nobody here knows count all the same.

    What belongs to a parked stream is left where it is, and is not processed.
    """
    versions: dict[UUID, int] = {}
    events: list[Recorded[Any]] = []
    duplicates = 0
    passed_over: set[UUID] = set()
    for envelope, recorded in records:
        if envelope.stream_id in parked:
            passed_over.add(envelope.stream_id)
            continue
        last = versions.get(envelope.stream_id, processed.get(envelope.stream_id, 0))
        if envelope.version <= last:
            duplicates += 1
            continue
        if envelope.version != last + 1:
            raise VersionGap(
                f"{envelope.stream_id}: version {envelope.version} after version {last}"
            )
        versions[envelope.stream_id] = envelope.version
        if recorded is not None:
            events.append(recorded)
    return Unprocessed(events, versions, duplicates, passed_over)
