"""Appends for all callers of a process together: one statement, one commit, one fsync."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from shared.platform.codec import to_json
from shared.platform.database.connections import HeldConnection, is_transient
from shared.platform.log import postgres_sql as sql
from shared.platform.log.port import LogUnavailable, NewRecord, TopicPartition, UnknownTopic
from shared.platform.observability import failpoints

BYTES_MAX: Final = 16_000_000  # values of one statement
Appended = Mapping[TopicPartition, tuple[int, list[NewRecord]]]


class _Waiting(NamedTuple):
    at: TopicPartition
    records: Sequence[NewRecord]
    future: asyncio.Future[int]


class Appender:
    """Keeps the order of the callers within a partition. Waits for nobody to join a batch."""

    def __init__(self, held: HeldConnection, on_appended: Callable[[Appended], None]) -> None:
        self._held = held
        self._on_appended = on_appended
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def append(self, at: TopicPartition, records: Sequence[NewRecord]) -> int:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(at, records, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="log append")
        return await future

    async def close(self) -> None:
        if self._task is not None:
            await self._task
        await self._held.close()

    async def _run(self) -> None:
        while self._waiting:
            batch = self._take()
            try:
                bases = await self._write(batch)
            except Exception as problem:
                self._fail(batch, problem)
                continue
            self._answer(batch, bases)

    def _take(self) -> list[_Waiting]:
        size, n = 0, 0
        for waiting in self._waiting:
            size += sum(len(record.value) for record in waiting.records)
            if n and size > BYTES_MAX:
                break
            n += 1
        batch, self._waiting = self._waiting[:n], self._waiting[n:]
        return batch

    async def _write(self, batch: Sequence[_Waiting]) -> Mapping[TopicPartition, int]:
        grouped = _grouped(batch)
        flat = [(at, nth, r) for at, rs in grouped.items() for nth, r in enumerate(rs)]
        async with self._held.use() as connection:
            appending = connection.fetch(
                sql.APPEND,
                [at.topic for at in grouped],
                [at.partition for at in grouped],
                [len(records) for records in grouped.values()],
                [at.topic for at, _, _ in flat],
                [at.partition for at, _, _ in flat],
                [nth for _, nth, _ in flat],
                [record.key for _, _, record in flat],
                [record.value for _, _, record in flat],
                [_as_json(record.headers) for _, _, record in flat],
            )
            rows = await failpoints.under_way("log.after_send", appending)
        return {TopicPartition(topic, partition): first for topic, partition, first in rows}

    def _answer(self, batch: Sequence[_Waiting], bases: Mapping[TopicPartition, int]) -> None:
        grouped = _grouped(batch)
        self._on_appended({at: (base, grouped[at]) for at, base in bases.items()})
        ends = dict(bases)
        for at, records, future in batch:
            if at in ends and not future.done():
                future.set_result(ends[at])
            elif not future.done():
                future.set_exception(UnknownTopic(f"{at.topic}/{at.partition}"))
            if at in ends:
                ends[at] += len(records)

    def _fail(self, batch: Sequence[_Waiting], problem: Exception) -> None:
        for waiting in batch:
            if not waiting.future.done():
                unavailable = LogUnavailable(type(problem).__name__)
                unavailable.__cause__ = problem
                waiting.future.set_exception(unavailable if is_transient(problem) else problem)


def _grouped(batch: Sequence[_Waiting]) -> dict[TopicPartition, list[NewRecord]]:
    grouped: dict[TopicPartition, list[NewRecord]] = {}
    for at, records, _ in batch:
        grouped.setdefault(at, []).extend(records)
    return grouped


def _as_json(headers: Mapping[str, bytes]) -> str:
    return to_json([(name, value.decode()) for name, value in headers.items()]).decode()
