"""Tests more of what every log promises; inherited with a fixture `log`.

Each test makes topics of its own, so the log may hold those of others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import uuid4

import pytest

from shared.platform.codec import Codec
from shared.platform.log.port import (
    EventLog,
    LogReader,
    LogRecord,
    NewRecord,
    OffsetOutOfRange,
    TopicMismatch,
    TopicPartition,
    TopicSpec,
    UnknownTopic,
)
from shared.platform.subscription.decoding import EventDecoder, unprocessed_of
from tests.support.toy.records import record as wallet_record
from tests.support.toy.wallet import Filled

WALLET_CODEC: Final = Codec({"toy.wallet.filled.v1": Filled})
FOREVER_MS: Final = -1
DAY_MS: Final = 24 * 3600 * 1000
WAIT_S: Final = 5.0
ROUNDS_MAX: Final = 200


def record(name: str, size: int = 0) -> NewRecord:
    value = name.encode().ljust(size, b".")
    return NewRecord(b"key", value, {"ce_id": name.encode(), "none": b""})


def names(records: Sequence[LogRecord]) -> list[str]:
    return [row.value.decode().rstrip(".") for row in records]


def fresh_topic(partitions: int = 3, retention_ms: int = FOREVER_MS) -> TopicSpec:
    return TopicSpec(f"test.{uuid4().hex}.events.v1", partitions, retention_ms)


async def created(log: EventLog, partitions: int = 3) -> str:
    spec = fresh_topic(partitions)
    await log.create([spec])
    return spec.name


async def read_all(
    reader: LogReader, ends: Mapping[TopicPartition, int], records_max: int = 1000
) -> dict[TopicPartition, list[LogRecord]]:
    """Reads from the beginning up to the ends."""
    found: dict[TopicPartition, list[LogRecord]] = {at: [] for at in ends}
    for _ in range(ROUNDS_MAX):
        positions = {at: len(records) for at, records in found.items()}
        if all(positions[at] >= end for at, end in ends.items()):
            break
        for at, records in (await reader.fetch(positions, records_max, WAIT_S)).items():
            found[at] += records
    return found


class LogCases:
    async def test_appends_nothing_when_nothing_is_given(self, log: EventLog) -> None:
        topic = await created(log)
        await log.append(topic, 0, [record("a")])
        assert await log.append(topic, 0, []) == 1
        assert list(await log.end_offsets(topic)) == [1, 0, 0]

    async def test_keeps_the_order_of_each_writer_and_its_batches_whole(
        self, log: EventLog
    ) -> None:
        topic = await created(log, partitions=1)

        async def write(writer: int) -> None:
            for batch in range(10):
                rows = [record(f"{writer}/{batch}/{n}") for n in range(3)]
                await log.append(topic, 0, rows)

        await asyncio.gather(*(write(writer) for writer in range(4)))
        at = TopicPartition(topic, 0)
        found = names((await read_all(log.reader("worker"), {at: 120}))[at])
        batches = [found[n : n + 3] for n in range(0, 120, 3)]
        assert all([name[-1] for name in batch] == ["0", "1", "2"] for batch in batches)
        for writer in range(4):
            ours = [name for name in found if name.startswith(f"{writer}/")]
            assert ours == [f"{writer}/{batch}/{n}" for batch in range(10) for n in range(3)]

    async def test_keeps_the_order_of_a_batch_that_must_be_split(self, log: EventLog) -> None:
        topic = await created(log, partitions=1)
        assert await log.append(topic, 0, [record(str(n), 200_000) for n in range(20)]) == 0

        at = TopicPartition(topic, 0)
        found = (await read_all(log.reader("worker"), {at: 20}))[at]
        assert names(found) == [str(n) for n in range(20)]
        assert [row.offset for row in found] == list(range(20))

    async def test_reads_from_any_position_forth_and_back(self, log: EventLog) -> None:
        topic = await created(log, partitions=1)
        await log.append(topic, 0, [record(str(n)) for n in range(6)])
        reader, at = log.reader("worker"), TopicPartition(topic, 0)
        for position in (3, 0, 5, 1, 1):
            found = (await reader.fetch({at: position}, 2, WAIT_S))[at]
            assert names(found) == [str(n) for n in range(position, min(position + 2, 6))]

    async def test_gives_no_more_records_than_asked_for(self, log: EventLog) -> None:
        topic = await created(log)
        for partition in range(3):
            await log.append(topic, partition, [record(str(n)) for n in range(10)])
        reader = log.reader("worker")
        positions = {TopicPartition(topic, partition): 0 for partition in range(3)}
        found = await reader.fetch(positions, 7, WAIT_S)
        assert 0 < sum(len(records) for records in found.values()) <= 7
        assert all(names(records)[0] == "0" for records in found.values())

        all_of_them = await read_all(reader, dict.fromkeys(positions, 10), records_max=7)
        assert all(len(records) == 10 for records in all_of_them.values())

    async def test_reads_other_partitions_when_asked_to(self, log: EventLog) -> None:
        topic, other = await created(log), await created(log)
        reader = log.reader("worker")
        for where in (topic, other):
            for partition in range(3):
                await log.append(where, partition, [record(f"{where}/{partition}")])
        first, second, third = (TopicPartition(topic, partition) for partition in range(3))
        beside = TopicPartition(other, 0)
        for wanted in ([first], [first, second, third], [beside, second], [first]):
            found = await read_all(reader, dict.fromkeys(wanted, 1))
            assert {at: names(records) for at, records in found.items()} == {
                at: [f"{at.topic}/{at.partition}"] for at in wanted
            }

    async def test_wakes_a_reader_that_waits_at_the_end(self, log: EventLog) -> None:
        topic = await created(log)
        reader, at = log.reader("worker"), TopicPartition(topic, 0)
        assert await reader.fetch({at: 0}, 10, 0.2) == {}
        waiting = asyncio.create_task(reader.fetch({at: 0}, 10, 60))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await log.append(topic, 0, [record("a")])
        async with asyncio.timeout(WAIT_S):
            assert names((await waiting)[at]) == ["a"]

    async def test_loses_nothing_to_a_fetch_that_was_canceled(self, log: EventLog) -> None:
        topic = await created(log, partitions=1)
        reader, at = log.reader("worker"), TopicPartition(topic, 0)
        await reader.fetch({at: 0}, 10, 0.2)
        waiting = asyncio.create_task(reader.fetch({at: 0}, 10, 60))
        await asyncio.sleep(0.1)
        await log.append(topic, 0, [record("a"), record("b")])
        waiting.cancel()
        await asyncio.wait({waiting})
        assert names((await reader.fetch({at: 0}, 10, WAIT_S))[at]) == ["a", "b"]

    @pytest.mark.parametrize("position", [-1, 2, 1000])
    async def test_refuses_a_position_that_is_not_there(self, log: EventLog, position: int) -> None:
        topic = await created(log, partitions=1)
        await log.append(topic, 0, [record("a")])
        reader = log.reader("worker")
        with pytest.raises(OffsetOutOfRange):
            await reader.fetch({TopicPartition(topic, 0): position}, 10, WAIT_S)
        at = TopicPartition(topic, 0)
        assert names((await reader.fetch({at: 0}, 10, WAIT_S))[at]) == ["a"]

    async def test_refuses_a_partition_beyond_the_last(self, log: EventLog) -> None:
        topic = await created(log)
        with pytest.raises(UnknownTopic):
            await log.append(topic, 3, [record("a")])
        with pytest.raises(UnknownTopic):
            await log.reader("worker").fetch({TopicPartition(topic, 3): 0}, 10, 0.1)

    async def test_creates_what_exists_already_without_a_word(self, log: EventLog) -> None:
        first, second = fresh_topic(), fresh_topic(retention_ms=DAY_MS)
        await log.create([first])
        await log.append(first.name, 0, [record("a")])
        await log.create([first, second])
        await asyncio.gather(log.create([first, second]), log.create([second]))
        await log.verify([first, second])
        assert list(await log.end_offsets(first.name)) == [1, 0, 0]

    async def test_refuses_another_partition_count(self, log: EventLog) -> None:
        spec = fresh_topic()
        await log.create([spec])
        for wrong in (spec._replace(partitions=2), spec._replace(partitions=4)):
            with pytest.raises(TopicMismatch, match=r"[24]"):
                await log.create([wrong])
            with pytest.raises(TopicMismatch, match=r"[24]"):
                await log.verify([wrong])

    async def test_refuses_another_retention(self, log: EventLog) -> None:
        spec = fresh_topic()
        await log.create([spec])
        wrong = spec._replace(retention_ms=DAY_MS)
        with pytest.raises(TopicMismatch, match=str(DAY_MS)):
            await log.create([wrong])
        with pytest.raises(TopicMismatch, match=str(DAY_MS)):
            await log.verify([wrong])
        await log.verify([spec])

    async def test_takes_from_a_zombie_writer_copies_that_readers_drop(self, log: EventLog) -> None:
        """No log can know who owns a partition; versions make what a zombie appends harmless."""
        topic = await created(log, partitions=1)
        at = TopicPartition(topic, 0)
        wallet = [NewRecord(*wallet_record(1, version, 0)[1:]) for version in (1, 2, 3)]
        assert await log.append(*at, wallet[:2]) == 0  # Its owner, paused before it settles.
        assert await log.append(*at, wallet) == 2  # Who takes over begins with what was left.
        assert await log.append(*at, wallet[1:2]) == 5  # The one that was paused goes on.

        reader = log.reader("test")
        found = await read_all(reader, {at: 6})
        await reader.close()
        unprocessed = unprocessed_of(EventDecoder(WALLET_CODEC).decode_all(found), {})

        assert [(event.version, event.offset) for event in unprocessed.events] == [
            (1, 0),
            (2, 1),
            (3, 4),
        ]
        assert unprocessed.duplicates == 3
