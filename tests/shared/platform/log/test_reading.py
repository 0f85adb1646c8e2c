"""The reader of Kafka against a consumer made up here; the brokers have tests of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import pytest
import structlog

from shared.platform.clock import wall_now
from shared.platform.log import mirror, reading
from shared.platform.log.mirror import Mirror
from shared.platform.log.port import (
    LogRecord,
    LogUnavailable,
    OffsetOutOfRange,
    TopicPartition,
    UnknownTopic,
)
from shared.platform.log.reading import KafkaReader

AT: Final = TopicPartition("events", 0)
BESIDE: Final = TopicPartition("events", 1)
Found = Mapping[TopicPartition, Sequence[LogRecord]]


class ScriptedConsumer:
    """A Consumer that gives what it was given, and remembers what it was asked."""

    def __init__(self, *answers: Found | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.answered_ms: int | None = None
        self.ends: dict[TopicPartition, int] = {}

    def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        self.asked.append(f"assign {len(positions)}")

    def seek(self, at: TopicPartition, position: int) -> None:
        self.asked.append(f"seek {at.partition}@{position}")

    def answered_at(self, at: TopicPartition) -> int | None:
        return self.answered_ms

    def end(self, at: TopicPartition) -> int | None:
        return self.ends.get(at)

    async def get(self, records_max: int, wait_s: float) -> Found:
        await asyncio.sleep(0)
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        self.asked.append(f"commit {sorted(positions.values())}")

    async def stop(self) -> None:
        self.asked.append("stop")


def rows(*offsets: int) -> Sequence[LogRecord]:
    return [LogRecord(offset, b"key", b"value", {}) for offset in offsets]


def reader_of(consumer: ScriptedConsumer) -> KafkaReader:
    async def consume() -> ScriptedConsumer:
        consumer.asked.append("start")
        return consumer

    async def ensure(topic: str, partition: int) -> None:
        if topic != AT.topic:
            raise UnknownTopic(topic)

    return KafkaReader("worker", ensure=ensure, consume=consume)


class TestKafkaReader:
    async def test_seeks_only_where_the_consumer_stands_elsewhere(self) -> None:
        consumer = ScriptedConsumer({AT: rows(3, 4)}, {}, {AT: rows(5)}, {AT: rows(3)})
        reader = reader_of(consumer)
        for position in (3, 5, 5, 3):
            await reader.fetch({AT: position}, 10, 0)
        assert consumer.asked == ["start", "assign 1", "seek 0@3", "seek 0@3"]

    async def test_assigns_anew_when_the_partitions_change(self) -> None:
        consumer = ScriptedConsumer()
        reader = reader_of(consumer)
        await reader.fetch({AT: 0}, 10, 0)
        await reader.fetch({AT: 0, BESIDE: 7}, 10, 0)
        assert consumer.asked[3:] == ["assign 2", "seek 0@0", "seek 1@7"]

    @pytest.mark.parametrize("found", [rows(1, 2), rows(0, 2), rows(0, 1, 3)])
    async def test_refuses_offsets_with_a_gap(self, found: Sequence[LogRecord]) -> None:
        consumer = ScriptedConsumer({AT: found}, {AT: rows(0)})
        reader = reader_of(consumer)
        with pytest.raises(OffsetOutOfRange, match="events/0"):
            await reader.fetch({AT: 0}, 10, 0)
        await reader.fetch({AT: 0}, 10, 0)
        assert consumer.asked.count("seek 0@0") == 2

    async def test_throws_the_consumer_away_after_a_failure(self) -> None:
        consumer = ScriptedConsumer(LogUnavailable("away"))
        reader = reader_of(consumer)
        with pytest.raises(LogUnavailable):
            await reader.fetch({AT: 0}, 10, 0)
        await reader.fetch({AT: 0}, 10, 0)
        assert consumer.asked[3:] == ["stop", "start", "assign 1", "seek 0@0"]

    async def test_tells_silence_from_an_empty_log(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "SILENCE_S_MAX", 0.05)
        consumer = ScriptedConsumer()
        reader = reader_of(consumer)
        for tick in range(4):
            consumer.answered_ms = tick
            assert await reader.fetch({AT: 0}, 10, 0) == {}
            await asyncio.sleep(0.03)
        await asyncio.sleep(0.05)
        with pytest.raises(LogUnavailable, match="no answer"):
            await reader.fetch({AT: 0}, 10, 0)

    async def test_says_since_when_it_stands_at_the_end(self) -> None:
        consumer = ScriptedConsumer()
        reader = reader_of(consumer)
        assert reader.caught_up_ago_s(AT, 5) is None
        await reader.fetch({AT: 5}, 10, 0)
        assert reader.caught_up_ago_s(AT, 5) is None  # No broker has answered yet.
        consumer.answered_ms, consumer.ends = round((wall_now().timestamp() - 30) * 1000), {AT: 5}
        assert reader.caught_up_ago_s(AT, 4) is None
        assert reader.caught_up_ago_s(AT, 5) == pytest.approx(30, abs=5)

    async def test_mirrors_only_what_is_assigned(self) -> None:
        consumer = ScriptedConsumer()
        reader = reader_of(consumer)
        await reader.fetch({AT: 5}, 10, 0)
        await reader.mirror({AT: 5, BESIDE: 9})
        await reader.close()
        assert consumer.asked[3:] == ["commit [5]", "stop"]


class TestMirror:
    async def test_commits_the_newest_and_not_each(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(mirror, "INTERVAL_S", 0.05)
        committed: list[int] = []

        async def commit(positions: Mapping[TopicPartition, int]) -> None:
            committed.append(positions[AT])

        telling = Mirror("worker", commit)
        for position in range(10):
            telling.note({AT: position})
            await asyncio.sleep(0)
        await asyncio.sleep(0.2)
        assert committed[-1] == 9
        assert len(committed) <= 3

    async def test_complains_once_a_minute_and_never_fails(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mirror, "INTERVAL_S", 0)

        async def commit(_: Mapping[TopicPartition, int]) -> None:
            raise OSError("away")

        telling = Mirror("worker", commit)
        with structlog.testing.capture_logs() as lines:
            for position in range(5):
                telling.note({AT: position})
                await asyncio.sleep(0.01)
            await telling.close()
        assert [line["event"] for line in lines] == ["offsets not mirrored"]
