"""Gives one test topics of its own, on brokers that many tests share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import uuid4

from shared.platform.log.port import (
    EventLog,
    LogReader,
    LogRecord,
    NewRecord,
    TopicPartition,
    TopicSpec,
)


class OwnTopics:
    """An EventLog that puts a prefix of its own before each topic and closes what it gave out."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._prefix = f"test.{uuid4().hex}."
        self._readers: list[LogReader] = []

    def name_of(self, topic: str) -> str:
        """Gives the topic's name on the brokers."""
        return self._prefix + topic

    def _own(self, topics: Sequence[TopicSpec]) -> Sequence[TopicSpec]:
        return [spec._replace(name=self._prefix + spec.name) for spec in topics]

    async def create(self, topics: Sequence[TopicSpec]) -> None:
        await self._log.create(self._own(topics))

    async def verify(self, topics: Sequence[TopicSpec]) -> None:
        await self._log.verify(self._own(topics))

    async def append(self, topic: str, partition: int, records: Sequence[NewRecord]) -> int:
        return await self._log.append(self._prefix + topic, partition, records)

    def reader(self, name: str) -> LogReader:
        self._readers.append(self._log.reader(self._prefix + name))
        return _OwnReader(self._readers[-1], self._prefix)

    async def end_offsets(self, topic: str) -> Sequence[int]:
        return await self._log.end_offsets(self._prefix + topic)

    async def ends(self, topics: Sequence[str]) -> Mapping[str, Sequence[int]]:
        found = await self._log.ends([self._prefix + topic for topic in topics])
        return {topic: found[self._prefix + topic] for topic in topics}

    async def close(self) -> None:
        for reader in self._readers:
            await reader.close()
        await self._log.close()


class _OwnReader:
    def __init__(self, reader: LogReader, prefix: str) -> None:
        self._reader = reader
        self._prefix = prefix

    def _own(self, positions: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        return {
            TopicPartition(self._prefix + at.topic, at.partition): position
            for at, position in positions.items()
        }

    async def fetch(
        self, positions: Mapping[TopicPartition, int], records_max: int, wait_s: float
    ) -> Mapping[TopicPartition, Sequence[LogRecord]]:
        found = await self._reader.fetch(self._own(positions), records_max, wait_s)
        return {
            TopicPartition(at.topic.removeprefix(self._prefix), at.partition): records
            for at, records in found.items()
        }

    def caught_up_ago_s(self, at: TopicPartition, position: int) -> float | None:
        ((own, _),) = self._own({at: position}).items()
        return self._reader.caught_up_ago_s(own, position)

    async def mirror(self, positions: Mapping[TopicPartition, int]) -> None:
        await self._reader.mirror(self._own(positions))

    async def close(self) -> None:
        await self._reader.close()
