"""Reads topics as anybody may, by a plain client that knows nothing of ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition


class Read(NamedTuple):
    """One record."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    headers: Mapping[str, str]
    data: Mapping[str, Any]


async def read_topics(bootstrap: str, topics: Iterable[str]) -> Sequence[Read]:
    """Reads all records; within a partition in their order."""
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        found: list[Read] = []
        while await _left(consumer, ends):
            for rows in (await consumer.getmany(timeout_ms=1000)).values():
                found += [_read(row) for row in rows]
        return found
    finally:
        await consumer.stop()


async def _left(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    return any([await consumer.position(place) < end for place, end in ends.items()])


def _read(row: Any) -> Read:
    headers = {name: value.decode() for name, value in row.headers}
    data = json.loads(row.value)
    return Read(row.topic, row.partition, row.offset, row.timestamp, headers, data)


def first_of_each(records: Iterable[Read]) -> Sequence[Read]:
    """Drops what a killed relay published once more."""
    return list({one.headers["ce_id"]: one for one in reversed([*records])}.values())[::-1]
