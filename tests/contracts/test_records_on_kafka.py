"""The records of the story on real Kafka, as somebody else's plain consumer gets them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place

from shared.kernel.ids import PARTITIONS, murmur2
from shared.platform.clock import wall_now
from shared.platform.log.port import TopicPartition
from tests.support.golden_story import Published, records_of_story
from tests.support.own_topics import OwnTopics

pytestmark = pytest.mark.connected

MINUTE_MS: Final = 60_000
LOOK_MS: Final = 500


async def read_all(broker: str, topic: str, expected: int) -> Sequence[Any]:
    """What a client finds that knows nothing of us."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, enable_auto_commit=False)
    await consumer.start()
    found: list[Any] = []
    try:
        consumer.assign([Place(topic, number) for number in range(PARTITIONS)])
        await consumer.seek_to_beginning()
        while len(found) < expected:  # Ends: pytest stops a test that hangs.
            for records in (await consumer.getmany(timeout_ms=LOOK_MS)).values():
                found += records
    finally:
        await consumer.stop()
    return found


class TestRecordsOnKafka:
    async def test_are_those_that_were_published_and_stamped_by_the_wall_clock(
        self, log: OwnTopics, any_broker: str, tmp_path: Path
    ) -> None:
        story = await records_of_story(tmp_path)
        for published in story:
            await log.append(*published.at, [published.record])

        now = wall_now()
        for topic in sorted({published.at.topic for published in story}):
            sent = [each for each in story if each.at.topic == topic]
            found = await read_all(any_broker, log.name_of(topic), len(sent))
            assert _as_published(found, topic) == _as_sent(sent)
            for record in found:
                assert record.partition == (murmur2(record.key) & 0x7FFFFFFF) % PARTITIONS
                assert record.timestamp_type == 0  # Of whoever produced it.
                age_ms = now.timestamp() * 1000 - record.timestamp
                assert abs(age_ms) < MINUTE_MS
                assert happened_at(record) < datetime(2013, 1, 1, tzinfo=UTC)


def happened_at(record: Any) -> datetime:
    return datetime.fromisoformat(dict(record.headers)["ce_time"].decode())


def _as_published(found: Sequence[Any], topic: str) -> list[object]:
    in_order = sorted(found, key=lambda record: (record.partition, record.offset))
    return [
        (TopicPartition(topic, record.partition), record.key, record.value, [*record.headers])
        for record in in_order
    ]


def _as_sent(sent: Sequence[Published]) -> list[object]:
    in_order = sorted(sent, key=lambda published: published.at.partition)
    return [
        (each.at, each.record.key, each.record.value, [*each.record.headers.items()])
        for each in in_order
    ]
