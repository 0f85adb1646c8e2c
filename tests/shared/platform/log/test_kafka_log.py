"""The log on real Kafka brokers, one and three; some of them are killed on the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Final
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.consumer.group_coordinator import GroupCoordinator

from shared.platform.clock import monotonic_s, wall_now
from shared.platform.log import kafka
from shared.platform.log.kafka import KafkaLog
from shared.platform.log.port import (
    EventLog,
    LogReader,
    LogUnavailable,
    OffsetOutOfRange,
    TopicPartition,
)
from shared.platform.log.reading import SILENCE_S_MAX
from shared.platform.observability.throttled_log import ThrottledHandler
from tests.shared.platform.log.test_log_contract import OTHER, TOPIC, LogContract
from tests.support.brokers import Brokers
from tests.support.log_capture import LogCapture
from tests.support.log_cases import WAIT_S, LogCases, created, names, read_all, record
from tests.support.own_topics import OwnTopics

MINUTE_MS: Final = 60_000
SHORT_S: Final = 2.0
LOOKING_S: Final = 0.5


@pytest.mark.connected
class TestOneBroker(LogContract, LogCases):
    @pytest.fixture
    async def log(self, any_broker: str) -> AsyncIterator[EventLog]:
        log = OwnTopics(KafkaLog(any_broker))
        await log.create([TOPIC, OTHER])
        yield log
        await log.close()


@pytest.mark.connected
class TestThreeBrokers(LogContract, LogCases):
    @pytest.fixture
    async def log(self, three_brokers: Brokers) -> AsyncIterator[EventLog]:
        log = OwnTopics(KafkaLog(three_brokers.bootstrap))
        await log.create([TOPIC, OTHER])
        yield log
        await log.close()


@pytest.mark.connected
class TestKafkaLog:
    """What only Kafka promises."""

    @pytest.fixture
    async def log(self, any_broker: str) -> AsyncIterator[KafkaLog]:
        log = KafkaLog(any_broker)
        yield log
        await log.close()

    async def test_stamps_records_with_the_wall_clock(self, log: KafkaLog, any_broker: str) -> None:
        topic = await created(log, partitions=1)
        before_ms = wall_now().timestamp() * 1000
        await log.append(topic, 0, [record("a")])
        consumer = AIOKafkaConsumer(bootstrap_servers=any_broker)
        await consumer.start()
        try:
            consumer.assign([Place(topic, 0)])
            consumer.seek(Place(topic, 0), 0)
            row = await consumer.getone()
        finally:
            await consumer.stop()
        assert before_ms - 1 <= row.timestamp <= before_ms + MINUTE_MS
        assert row.timestamp_type == 0  # CreateTime

    async def test_commits_the_mirror_to_a_group_named_after_the_worker(
        self, log: KafkaLog, any_broker: str
    ) -> None:
        topic = await created(log, partitions=2)
        await log.append(topic, 1, [record("a"), record("b")])
        group = f"worker-{uuid4().hex}"
        reader = log.reader(group)
        positions = {TopicPartition(topic, 0): 0, TopicPartition(topic, 1): 0}
        await reader.fetch(positions, 10, WAIT_S)
        await reader.mirror({TopicPartition(topic, 1): 2, TopicPartition(topic, 0): 0})
        committed = None
        admin = AIOKafkaAdminClient(bootstrap_servers=any_broker)
        await admin.start()
        try:
            async with asyncio.timeout(20):
                while committed is None:
                    await asyncio.sleep(0.2)
                    rows = await admin.list_consumer_group_offsets(group)
                    committed = rows.get(Place(topic, 1))
        finally:
            await admin.close()
            await reader.close()
        assert committed.offset == 2

    async def test_takes_other_partitions_while_the_group_has_no_broker_yet(
        self, log: KafkaLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A new cluster needs seconds for it; a killed broker takes it away."""

        async def look_in_vain(coordinator: GroupCoordinator) -> None:
            await asyncio.sleep(LOOKING_S)

        monkeypatch.setattr(GroupCoordinator, "ensure_coordinator_known", look_in_vain)
        topic = await created(log, partitions=2)
        for partition in (0, 1):
            await log.append(topic, partition, [record("a")])
        reader = log.reader(f"worker-{uuid4().hex}")
        both = {TopicPartition(topic, 0): 0, TopicPartition(topic, 1): 0}
        await reader.fetch(both, 10, WAIT_S)
        await reader.fetch({TopicPartition(topic, 0): 0}, 10, WAIT_S)
        await asyncio.sleep(2 * LOOKING_S)

        found = await reader.fetch(both, 10, WAIT_S)

        await reader.close()
        assert sum(map(len, found.values())) > 0

    async def test_says_that_a_truncated_position_is_gone(
        self, log: KafkaLog, any_broker: str
    ) -> None:
        topic = await created(log, partitions=1)
        await log.append(topic, 0, [record(str(n)) for n in range(5)])
        admin = AIOKafkaAdminClient(bootstrap_servers=any_broker)
        await admin.start()
        try:
            await admin.delete_records({Place(topic, 0): RecordsToDelete(before_offset=3)})
        finally:
            await admin.close()
        reader, at = log.reader("worker"), TopicPartition(topic, 0)
        with pytest.raises(OffsetOutOfRange):
            await reader.fetch({at: 0}, 10, WAIT_S)
        assert names((await reader.fetch({at: 3}, 10, WAIT_S))[at]) == ["3", "4"]
        await reader.close()

    async def test_refuses_an_address_where_no_broker_is(self) -> None:
        log = KafkaLog("127.0.0.1:1")
        with pytest.raises(LogUnavailable):
            await log.end_offsets("topic")
        with pytest.raises(LogUnavailable):
            await log.reader("worker").fetch({TopicPartition("topic", 0): 0}, 10, 0.1)
        with pytest.raises(LogUnavailable):
            await log.append("topic", 0, [record("a")])
        await log.close()


async def insist(log: EventLog, topic: str, partition: int, name: str) -> int:
    """Appends until it is acknowledged; how often it was told that the outcome is unknown."""
    for attempt in range(300):
        try:
            await log.append(topic, partition, [record(name)])
        except LogUnavailable:
            await asyncio.sleep(0.2)
        else:
            return attempt
    raise AssertionError(f"{name} was never acknowledged")


def without_repeats(found: list[str]) -> list[str]:
    """As consumers do: what is not above the highest so far is dropped."""
    kept: list[str] = []
    for name in found:
        if not kept or int(name) > int(kept[-1]):
            kept.append(name)
    return kept


@pytest.mark.connected
class TestBrokerAway:
    @pytest.fixture
    def captured(self) -> Iterator[list[str]]:
        """What reaches the root logger, whatever the client said in tests before."""
        client = logging.getLogger("aiokafka")
        for handler in [one for one in client.handlers if isinstance(one, ThrottledHandler)]:
            client.removeHandler(handler)
        captured = LogCapture()
        logging.getLogger().addHandler(captured)
        yield captured.lines
        logging.getLogger().removeHandler(captured)

    async def test_one_of_three_is_killed_in_the_middle(self, three_brokers: Brokers) -> None:
        log = KafkaLog(three_brokers.bootstrap)
        topic = await created(log, partitions=6)
        reader = log.reader("worker")
        sent = [0] * 6
        unknown = 0
        is_over = False

        async def write(partition: int) -> None:
            nonlocal unknown
            while not is_over:
                unknown += await insist(log, topic, partition, str(sent[partition]))
                sent[partition] += 1

        writers = [asyncio.create_task(write(partition)) for partition in range(6)]
        for number in (1, 3):
            await asyncio.sleep(1)
            await asyncio.to_thread(three_brokers.kill, number)
            await asyncio.sleep(2)
            await asyncio.to_thread(three_brokers.restart, number)
        await asyncio.sleep(1)
        is_over = True
        await asyncio.gather(*writers)

        ends = await log.end_offsets(topic)
        wanted = {TopicPartition(topic, number): end for number, end in enumerate(ends)}
        found = await read_all(reader, wanted)
        await reader.close()
        await log.close()
        assert min(sent) > 10
        for at, records in found.items():
            assert [row.offset for row in records] == list(range(len(records)))
            assert without_repeats(names(records)) == [str(n) for n in range(sent[at.partition])]
        assert sum(ends) - sum(sent) <= unknown

    async def test_the_only_one_is_killed_in_the_middle(
        self, one_broker: Brokers, monkeypatch: pytest.MonkeyPatch, captured: list[str]
    ) -> None:
        monkeypatch.setattr(kafka, "APPEND_TIMEOUT_S", SHORT_S)
        log = KafkaLog(one_broker.bootstrap)
        topic = await created(log, partitions=2)
        reader, at = log.reader("worker"), TopicPartition(topic, 0)
        for partition in range(2):
            await log.append(topic, partition, [record("0")])
        assert names((await reader.fetch({at: 0}, 10, WAIT_S))[at]) == ["0"]

        await asyncio.to_thread(one_broker.kill, 1)
        try:
            captured.clear()
            both = asyncio.gather(*(insist(log, topic, n, "1") for n in range(2)))
            silence_s = await silence_of(reader, at, position=1)
            with pytest.raises(LogUnavailable):
                await log.end_offsets(topic)
            lines = list(captured)
        finally:
            await asyncio.to_thread(one_broker.restart, 1)
        attempts = await both
        again = await fetched_at_last(reader, at, position=1)
        await reader.close()
        await log.close()

        assert min(attempts) > 0
        assert without_repeats(again) == ["1"]
        assert SILENCE_S_MAX - 1 < silence_s < SILENCE_S_MAX + 10
        assert 0 < len(lines) <= silence_s
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def silence_of(reader: LogReader, at: TopicPartition, position: int) -> float:
    """Seconds until the reader says that nobody answers."""
    started_s = monotonic_s()
    while True:  # Ends: pytest stops a test that hangs.
        try:
            assert await reader.fetch({at: position}, 10, 0.5) == {}
        except LogUnavailable:
            return monotonic_s() - started_s


async def fetched_at_last(reader: LogReader, at: TopicPartition, position: int) -> list[str]:
    while True:  # Ends: pytest stops a test that hangs.
        try:
            if found := await reader.fetch({at: position}, 10, 1):
                return names(found[at])
        except LogUnavailable:
            await asyncio.sleep(0.2)
