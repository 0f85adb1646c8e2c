"""Describes the log as its users see it: partitions of records, dense offsets, never changed.

Three implementations pass one conformance suite: memory, Postgres, Kafka.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

RECORD_BYTES_MAX: Final = 1_000_000  # key, value and headers of one record


class TopicPartition(NamedTuple):
    topic: str
    partition: int


class NewRecord(NamedTuple):
    key: bytes
    value: bytes  # Never empty: an empty value is a tombstone to others.
    headers: Mapping[str, bytes]  # In this order.


class LogRecord(NamedTuple):
    offset: int
    key: bytes
    value: bytes
    headers: Mapping[str, bytes]


class RecordTooLarge(Exception):
    """Beyond RECORD_BYTES_MAX; nothing of the batch was appended."""


class UnknownTopic(Exception):
    """The topic was never created."""


class TopicMismatch(Exception):
    """The topic exists with another partition count or retention. Says which, refuses to go on."""


class OffsetOutOfRange(Exception):
    """The position is beyond the end or was truncated away: data is missing, stop."""


class LogUnavailable(ConnectionError):
    """The log did not answer. Try again; for an append the outcome is unknown."""


class TopicSpec(NamedTuple):
    name: str
    partitions: int
    retention_ms: int  # -1: for ever


class LogReader(Protocol):
    """One consumer of some partitions. Positions are the caller's to keep."""

    async def fetch(
        self, positions: Mapping[TopicPartition, int], records_max: int, wait_s: float
    ) -> Mapping[TopicPartition, Sequence[LogRecord]]:
        """Records from the given next offsets on, in offset order, at most records_max in all.

        Waits up to wait_s while there are none; then answers {}. Raises OffsetOutOfRange,
        UnknownTopic, LogUnavailable.
        """
        ...

    def caught_up_ago_s(self, at: TopicPartition, position: int) -> float | None:
        """Seconds since this was last known to be the end of its partition; None: it is not."""
        ...

    async def mirror(self, positions: Mapping[TopicPartition, int]) -> None:
        """Tell lag tools how far we are. Best effort; a no-op where there are none."""
        ...

    async def close(self) -> None: ...


class EventLog(Protocol):
    async def create(self, topics: Sequence[TopicSpec]) -> None:
        """Creates what is missing. Raises TopicMismatch for what exists and differs."""
        ...

    async def verify(self, topics: Sequence[TopicSpec]) -> None:
        """Raises UnknownTopic or TopicMismatch."""
        ...

    async def append(self, topic: str, partition: int, records: Sequence[NewRecord]) -> int:
        """Appends all or nothing, in order, and gives the offset of the first.

        Done when durable.
        """
        ...

    def reader(self, name: str) -> LogReader:
        """A reader for one worker; the name is for lag tools."""
        ...

    async def end_offsets(self, topic: str) -> Sequence[int]:
        """The next offset of each partition, by partition number."""
        ...

    async def ends(self, topics: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """The end offsets of several topics, asked for together. Raises UnknownTopic."""
        ...

    async def close(self) -> None: ...
