"""Keeps the log on Apache Kafka, through aiokafka; the only file that imports it.

Refuses transactions, consumer groups and the default partitioner: partitions are the caller's, and
so are positions. Record timestamps are wall clock, or retention would delete what is stamped 2012.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import TopicPartition as Place
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    MessageSizeTooLargeError,
    OffsetOutOfRangeError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.structs import OffsetAndMetadata

from shared.platform.clock import monotonic_s
from shared.platform.log.kafka_session import END_TIMEOUT_S, ProducerSession
from shared.platform.log.kafka_topics import compare, count_brokers, replicas_on, settings_of
from shared.platform.log.packing import unpacked
from shared.platform.log.port import (
    LogRecord,
    LogUnavailable,
    NewRecord,
    OffsetOutOfRange,
    RecordTooLarge,
    TopicPartition,
    TopicSpec,
    UnknownTopic,
)
from shared.platform.log.reading import KafkaReader
from shared.platform.log.records import check
from shared.platform.observability.throttled_log import throttle
from shared.platform.signals import heed

BATCH_BYTES_MAX: Final = 524_288  # of one batch of records
REQUEST_BYTES_MAX: Final = 1_048_576  # of one produce request, and of one fetch per partition
REQUEST_TIMEOUT_MS: Final = 10_000  # for one answer of a broker
METADATA_AGE_MS_MAX: Final = 10_000  # after which the leaders are asked for again
RETRY_BACKOFF_MS: Final = 200  # before a request is repeated
FETCH_WAIT_MS: Final = 500  # How long a broker holds an empty fetch; new records end it.
APPEND_TIMEOUT_S: Final = 30.0  # The longest stall seen while brokers were killed was 7.2 s.
START_TIMEOUT_S: Final = 15.0  # for a client to find the cluster
PAUSE_S: Final = 0.5  # after a producer that did not start
ASK_ATTEMPTS_MAX: Final = 10  # each at a broker drawn by lot
ASK_PAUSE_S: Final = 0.2  # between two attempts
VISIBLE_S: Final = 2.0  # until every broker knows a new topic
# aiokafka counts records of a producer wrongly once 2**31 went to a partition.
RECORDS_PER_PRODUCER_MAX: Final = 2**30

T = TypeVar("T")


def _unavailable(what: str, problem: BaseException) -> LogUnavailable:
    """Says LogUnavailable for all that the client raises without brokers, AttributeError too."""
    return LogUnavailable(f"{what}: {problem!r}")


class KafkaLog:
    """An EventLog.

    An append beyond BATCH_BYTES_MAX goes in several batches, each acknowledged before the next is
    sent. When a later one fails a prefix stays, as after any append of unknown outcome.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        replicas: int | None = None,  # Of new topics; None: as many as the brokers allow.
        client: str = "duebook",
    ) -> None:
        throttle("aiokafka")
        self._common: dict[str, Any] = {
            "bootstrap_servers": bootstrap,
            "client_id": client,
            "request_timeout_ms": REQUEST_TIMEOUT_MS,
            "metadata_max_age_ms": METADATA_AGE_MS_MAX,
            "retry_backoff_ms": RETRY_BACKOFF_MS,
        }
        self._replicas = replicas
        self._partitions: dict[str, int] = {}  # They never change, and topics never go.
        self._turns: defaultdict[TopicPartition, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._session: ProducerSession | None = None
        self._opening = asyncio.Lock()
        self._not_before_s = 0.0
        self._ending: set[asyncio.Task[None]] = set()
        self._asker: AIOKafkaConsumer | None = None
        self._asking = asyncio.Lock()

    async def create(self, topics: Sequence[TopicSpec]) -> None:
        copies = self._replicas or replicas_on(await self._ask("brokers", count_brokers))
        wanted = [
            NewTopic(spec.name, spec.partitions, copies, topic_configs=settings_of(spec, copies))
            for spec in topics
        ]
        answer = await self._ask("create", lambda admin: admin.create_topics(wanted))
        for name, code, *words in answer.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise LogUnavailable(f"{name} was not created: {for_code(code).__name__} {words}")
        await self.verify(topics)

    async def verify(self, topics: Sequence[TopicSpec]) -> None:
        partitions = {spec.name: await self._partitions_of(spec.name) for spec in topics}
        retentions = await self._ask("settings", lambda admin: _retentions(admin, list(partitions)))
        for spec in topics:
            compare(spec, partitions=partitions[spec.name], retention_ms=retentions[spec.name])

    async def append(self, topic: str, partition: int, records: Sequence[NewRecord]) -> int:
        check(records)
        await self._ensure(topic, partition)
        if not records:
            return (await self.end_offsets(topic))[partition]
        async with self._turns[TopicPartition(topic, partition)]:
            session = await self._open_session()
            session.records += len(records)
            try:
                async with asyncio.timeout(APPEND_TIMEOUT_S):
                    return await session.send(topic, partition, records)
            except Exception as problem:
                self._discard(session)
                if isinstance(problem, MessageSizeTooLargeError):
                    raise RecordTooLarge(f"{topic}/{partition}: {problem}") from problem
                raise _unavailable(f"append to {topic}/{partition}", problem) from problem

    def reader(self, name: str) -> KafkaReader:
        async def consume() -> _Consumer:
            return _Consumer(await self._open_consumer(name))

        return KafkaReader(name, ensure=self._ensure, consume=consume)

    async def end_offsets(self, topic: str) -> Sequence[int]:
        return (await self.ends([topic]))[topic]

    async def ends(self, topics: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """Asks each broker that leads a partition, in one round trip."""
        counts = {topic: await self._partitions_of(topic) for topic in topics}
        places = [Place(topic, number) for topic, n in counts.items() for number in range(n)]
        async with self._asking:
            asker, self._asker = self._asker, None
            if asker is None:
                asker = await self._open_consumer(None)
            try:
                async with asyncio.timeout(START_TIMEOUT_S):
                    found = await asker.end_offsets(places)
            except BaseException as problem:
                await _stop(asker)
                if isinstance(problem, Exception):
                    raise _unavailable(f"end offsets of {topics}", problem) from problem
                raise
            self._asker = asker
        return {topic: [found[Place(topic, at)] for at in range(n)] for topic, n in counts.items()}

    async def close(self) -> None:
        """Closes; what was sent and not yet acknowledged has END_TIMEOUT_S left."""
        session, self._session = self._session, None
        if session is not None:
            self._end_later(session.retire())
        async with self._asking:
            asker, self._asker = self._asker, None
        if asker is not None:
            await _stop(asker)
        await asyncio.gather(*self._ending)

    async def _ensure(self, topic: str, partition: int) -> None:
        """Raises UnknownTopic, LogUnavailable."""
        if not 0 <= partition < await self._partitions_of(topic):
            raise UnknownTopic(f"{topic}/{partition}")

    async def _open_consumer(self, group: str | None) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            group_id=group,  # Only to commit what lag tools see; partitions are assigned by hand.
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=REQUEST_BYTES_MAX,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            **self._common,
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await consumer.start()
        except BaseException as problem:
            await _stop(consumer)
            if isinstance(problem, Exception):
                raise _unavailable("connect", problem) from problem
            raise
        return consumer

    async def _partitions_of(self, topic: str) -> int:
        deadline_s = monotonic_s() + VISIBLE_S
        while topic not in self._partitions:
            found = await self._ask("topics", lambda admin: admin.describe_topics([topic]))
            if found[0]["partitions"]:
                self._partitions[topic] = len(found[0]["partitions"])
            elif monotonic_s() < deadline_s:
                await asyncio.sleep(ASK_PAUSE_S)
            elif found[0]["error_code"] == UnknownTopicOrPartitionError.errno:
                raise UnknownTopic(topic)
            else:
                raise LogUnavailable(f"{topic}: {for_code(found[0]['error_code']).__name__}")
        return self._partitions[topic]

    async def _ask(self, what: str, ask: Callable[[AIOKafkaAdminClient], Awaitable[T]]) -> T:
        """Asks again where one broker is away: the admin client asks one, drawn by lot."""
        last: Exception = TimeoutError()
        for attempt in range(ASK_ATTEMPTS_MAX):
            await asyncio.sleep(ASK_PAUSE_S if attempt else 0)
            admin = AIOKafkaAdminClient(**self._common)
            try:
                async with asyncio.timeout(START_TIMEOUT_S):
                    await admin.start()
                    return await ask(admin)
            except Exception as problem:
                last = problem
            finally:
                await admin.close()
        raise _unavailable(what, last) from last

    async def _open_session(self) -> ProducerSession:
        async with self._opening:
            if self._session is not None and self._session.records >= RECORDS_PER_PRODUCER_MAX:
                self._end_later(self._session.retire())
                self._session = None
            if self._session is None:
                if monotonic_s() < self._not_before_s:
                    raise LogUnavailable("connect: failed a moment ago")
                self._session = await self._new_line()
            return self._session

    async def _new_line(self) -> ProducerSession:
        producer = AIOKafkaProducer(
            acks="all",
            enable_idempotence=True,  # Fewer duplicates; correctness does not rest on it.
            max_batch_size=BATCH_BYTES_MAX,
            max_request_size=REQUEST_BYTES_MAX,
            linger_ms=0,  # Batches are made here.
            **self._common,
        )
        session = ProducerSession(producer)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await producer.start()
        except BaseException as problem:
            self._not_before_s = monotonic_s() + PAUSE_S
            self._end_later(session.end())
            if isinstance(problem, Exception):
                raise _unavailable("connect", problem) from problem
            raise
        return session

    def _discard(self, session: ProducerSession) -> None:
        if self._session is session:
            self._session = None
        if session.give_up():
            self._end_later(session.end())

    def _end_later(self, ending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(ending)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def _retentions(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> Mapping[str, int]:
    """Reads the retention of topics.

    It fails, and is asked again, where a broker knows one not yet.
    """
    asked = [
        ConfigResource(ConfigResourceType.TOPIC, name, {"retention.ms": ""}) for name in topics
    ]
    retentions = {}
    for answer in await admin.describe_configs(asked):
        for code, words, _, name, entries in answer.resources:
            if code:
                raise for_code(code)(words)
            retentions[name] = int(entries[0][1])
    return retentions


class _Consumer:
    """Turns the client's words into the port's: a Consumer for reading.py."""

    def __init__(self, client: AIOKafkaConsumer) -> None:
        self._client = client
        _uncoordinate(client)

    def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        self._client.assign([Place(*at) for at in positions])

    def seek(self, at: TopicPartition, position: int) -> None:
        self._client.seek(Place(*at), position)

    def answered_at(self, at: TopicPartition) -> int | None:
        found: int | None = self._client.last_poll_timestamp(Place(*at))
        return found

    def end(self, at: TopicPartition) -> int | None:
        found: int | None = self._client.highwater(Place(*at))
        return found

    async def get(
        self, records_max: int, wait_s: float
    ) -> Mapping[TopicPartition, Sequence[LogRecord]]:
        try:
            wait_ms = round(wait_s * 1000)
            found = await self._client.getmany(timeout_ms=wait_ms, max_records=records_max)
        except OffsetOutOfRangeError as problem:
            raise OffsetOutOfRange(str(problem)) from problem
        except Exception as problem:
            raise _unavailable("fetch", problem) from problem
        return {TopicPartition(*place): unpacked(rows) for place, rows in found.items()}

    async def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """Tries once, and ends when it is cut off; newer positions follow anyway.

        The client's own commit() attempts for ever, even after stop(), and does so in a task whose
        failure nobody looks at once the caller has gone.
        """
        coordinator = self._client._coordinator
        await coordinator.ensure_coordinator_known()
        offsets = {Place(*at): OffsetAndMetadata(next, "") for at, next in positions.items()}
        await coordinator._do_commit_offsets(None, offsets)  # The assignment is of no use to it.

    async def stop(self) -> None:
        await _stop(self._client)


def _uncoordinate(consumer: AIOKafkaConsumer) -> None:
    """Stops the coordinator, useless with partitions assigned by hand: assign() kills it."""
    coordinator = consumer._coordinator
    coordinator._coordination_task.cancel()
    coordinator._coordination_task = coordinator._closing  # What stop() waits for.


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Stops it in a task of its own: stop() raises the end of an inner task without brokers."""
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait({stopping}, timeout=END_TIMEOUT_S)
    stopping.cancel()
    with suppress(Exception):
        await consumer._client.close()  # It got stuck before this, perhaps.
    await asyncio.wait({stopping})
    heed(stopping)
