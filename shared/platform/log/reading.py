"""Reads Kafka at positions that others keep. Refuses positions that are gone, and gaps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

from shared.platform.clock import monotonic_s, wall_now
from shared.platform.log.mirror import Mirror
from shared.platform.log.port import LogRecord, LogUnavailable, OffsetOutOfRange, TopicPartition

WAIT_S_MIN: Final = 0.1  # A look at the brokers takes a round trip, however short the wait.
SILENCE_S_MAX: Final = 10.0  # A fetch that no broker answers for so long is an outage.


class Consumer(Protocol):
    """What the reader needs of a Kafka client, in the words of the port."""

    def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Forgets all positions; each must be sought before anything is awaited."""
        ...

    def seek(self, at: TopicPartition, position: int) -> None: ...

    def answered_at(self, at: TopicPartition) -> int | None:
        """When a broker last answered a fetch of this partition: wall clock, ms."""
        ...

    def end(self, at: TopicPartition) -> int | None:
        """Tells where the partition ended at that fetch."""
        ...

    async def get(
        self, records_max: int, wait_s: float
    ) -> Mapping[TopicPartition, Sequence[LogRecord]]:
        """Raises OffsetOutOfRange, LogUnavailable. No partition without records is in it."""
        ...

    async def commit(self, positions: Mapping[TopicPartition, int]) -> None: ...

    async def stop(self) -> None: ...


class KafkaReader:
    """A LogReader. While brokers are away a fetch finds nothing; after SILENCE_S_MAX it raises."""

    def __init__(
        self,
        name: str,
        *,
        ensure: Callable[[str, int], Awaitable[None]],
        consume: Callable[[], Awaitable[Consumer]],
    ) -> None:
        self._name = name
        self._ensure = ensure  # Raises UnknownTopic.
        self._consume = consume
        self._consumer: Consumer | None = None
        self._assigned: frozenset[TopicPartition] = frozenset()
        self._next: Mapping[TopicPartition, int] = {}  # Where the consumer stands, if it is known.
        self._answered: dict[TopicPartition, tuple[int | None, float]] = {}
        self._mirror = Mirror(name, self._commit)

    async def fetch(
        self, positions: Mapping[TopicPartition, int], records_max: int, wait_s: float
    ) -> Mapping[TopicPartition, Sequence[LogRecord]]:
        if not positions:
            await asyncio.sleep(wait_s)
            return {}
        await self._check(positions)
        if self._consumer is None:
            self._consumer = await self._consume()
        try:
            self._place(self._consumer, positions)
            self._next = {}  # Unknown when what follows fails or is canceled.
            found = await self._consumer.get(records_max, max(wait_s, WAIT_S_MIN))
            _check_dense(positions, found)
            self._listen(self._consumer, bool(found))
        except LogUnavailable:
            await self._discard()
            raise
        ends = {at: records[-1].offset + 1 for at, records in found.items()}
        self._next = {**positions, **ends}
        return found

    def caught_up_ago_s(self, at: TopicPartition, position: int) -> float | None:
        if self._consumer is None or at not in self._assigned:
            return None
        answered_at, end = self._consumer.answered_at(at), self._consumer.end(at)
        if answered_at is None or end is None or position < end:
            return None
        return max(0.0, wall_now().timestamp() - answered_at / 1000)

    async def mirror(self, positions: Mapping[TopicPartition, int]) -> None:
        self._mirror.note(positions)

    async def close(self) -> None:
        await self._mirror.close()
        await self._discard()

    async def _check(self, positions: Mapping[TopicPartition, int]) -> None:
        for at, position in positions.items():
            if at not in self._assigned:
                await self._ensure(*at)
            if position < 0:
                raise OffsetOutOfRange(f"{at.topic}/{at.partition}: {position}")

    def _place(self, consumer: Consumer, positions: Mapping[TopicPartition, int]) -> None:
        if positions.keys() != self._assigned:
            consumer.assign(positions)
            self._assigned = frozenset(positions)
            self._next = {}
            self._answered = {}
        for at, position in positions.items():
            if self._next.get(at) != position:
                consumer.seek(at, position)

    def _listen(self, consumer: Consumer, is_found: bool) -> None:
        """Tells an empty log from brokers that do not answer."""
        now_s = monotonic_s()
        for at in self._assigned:
            answered_at = consumer.answered_at(at)
            known_at, answered_s = self._answered.get(at, (None, now_s))
            if is_found or answered_at != known_at:
                answered_s = now_s
            self._answered[at] = (answered_at, answered_s)
            if now_s - answered_s > SILENCE_S_MAX:
                raise LogUnavailable(f"{self._name}: no answer for {SILENCE_S_MAX:.0f} s")

    async def _commit(self, positions: Mapping[TopicPartition, int]) -> None:
        ours = {at: position for at, position in positions.items() if at in self._assigned}
        if self._consumer is not None and ours:
            await self._consumer.commit(ours)

    async def _discard(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._assigned = frozenset()
        self._next = {}
        self._answered = {}
        if consumer is not None:
            await consumer.stop()


def _check_dense(
    positions: Mapping[TopicPartition, int],
    found: Mapping[TopicPartition, Sequence[LogRecord]],
) -> None:
    """Refuses a gap: offsets rise, so the last one shows whether any is missing."""
    for at, records in found.items():
        first, last = records[0].offset, records[-1].offset
        if first != positions[at] or last - first != len(records) - 1:
            raise OffsetOutOfRange(
                f"{at.topic}/{at.partition}: from {positions[at]} on there are "
                f"{len(records)} records, {first} to {last}"
            )
