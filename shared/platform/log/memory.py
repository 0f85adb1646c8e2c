"""Keeps the log of unit tests in lists of this process, with the promises of the real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.platform.log.port import (
    LogRecord,
    NewRecord,
    OffsetOutOfRange,
    TopicMismatch,
    TopicPartition,
    TopicSpec,
    UnknownTopic,
)
from shared.platform.log.records import InTurn, check
from shared.platform.signals import Listener, Signal


class MemoryLog:
    """An EventLog."""

    def __init__(self) -> None:
        self._specs: dict[str, TopicSpec] = {}
        self._records: dict[TopicPartition, list[LogRecord]] = {}
        self._appended = Signal()

    async def create(self, topics: Sequence[TopicSpec]) -> None:
        for spec in topics:
            found = self._specs.setdefault(spec.name, spec)
            if found != spec:
                raise TopicMismatch(f"{found} is there, {spec} is wanted")
            for partition in range(spec.partitions):
                self._records.setdefault(TopicPartition(spec.name, partition), [])

    async def verify(self, topics: Sequence[TopicSpec]) -> None:
        for spec in topics:
            if spec.name not in self._specs:
                raise UnknownTopic(spec.name)
            if self._specs[spec.name] != spec:
                raise TopicMismatch(f"{self._specs[spec.name]} is there, {spec} is wanted")

    async def append(self, topic: str, partition: int, records: Sequence[NewRecord]) -> int:
        held = self.records_of(TopicPartition(topic, partition))
        check(records)
        base = len(held)
        held.extend(LogRecord(base + n, *record) for n, record in enumerate(records))
        self._appended.notify()
        return base

    def reader(self, name: str) -> MemoryReader:
        return MemoryReader(self, self._appended)

    async def end_offsets(self, topic: str) -> Sequence[int]:
        if topic not in self._specs:
            raise UnknownTopic(topic)
        partitions = range(self._specs[topic].partitions)
        return [len(self._records[TopicPartition(topic, partition)]) for partition in partitions]

    async def ends(self, topics: Sequence[str]) -> Mapping[str, Sequence[int]]:
        return {topic: await self.end_offsets(topic) for topic in topics}

    async def close(self) -> None:
        pass

    def records_of(self, at: TopicPartition) -> list[LogRecord]:
        if at not in self._records:
            raise UnknownTopic(f"{at.topic}/{at.partition}")
        return self._records[at]


class MemoryReader:
    """A LogReader."""

    def __init__(self, log: MemoryLog, appended: Signal) -> None:
        self._log = log
        self._appended = appended
        self._listener = Listener()
        self._turns = InTurn()
        appended.add(self._listener)

    async def fetch(
        self, positions: Mapping[TopicPartition, int], records_max: int, wait_s: float
    ) -> Mapping[TopicPartition, Sequence[LogRecord]]:
        while True:  # Ends: with records, or when nothing was notified for wait_s.
            self._listener.forget()
            found = self._look(positions, records_max)
            if found or not await self._listener.wait(wait_s):
                return found

    def _look(
        self, positions: Mapping[TopicPartition, int], records_max: int
    ) -> Mapping[TopicPartition, Sequence[LogRecord]]:
        found: dict[TopicPartition, Sequence[LogRecord]] = {}
        for at, position in self._turns.of(positions):
            held = self._log.records_of(at)
            if not 0 <= position <= len(held):
                raise OffsetOutOfRange(f"{at.topic}/{at.partition}: {position} of {len(held)}")
            if records := held[position : position + records_max]:
                found[at] = records
                records_max -= len(records)
        return found

    def caught_up_ago_s(self, at: TopicPartition, position: int) -> float | None:
        return 0.0 if position >= len(self._log.records_of(at)) else None

    async def mirror(self, positions: Mapping[TopicPartition, int]) -> None:
        pass

    async def close(self) -> None:
        self._appended.remove(self._listener)
