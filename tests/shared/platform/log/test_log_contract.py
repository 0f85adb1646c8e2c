"""What every log promises. One suite; each implementation inherits it with its own `log`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import pytest

from shared.platform.clock import monotonic_s
from shared.platform.log.memory import MemoryLog
from shared.platform.log.port import (
    RECORD_BYTES_MAX,
    EventLog,
    LogRecord,
    NewRecord,
    OffsetOutOfRange,
    RecordTooLarge,
    TopicMismatch,
    TopicPartition,
    TopicSpec,
    UnknownTopic,
)
from shared.platform.log.postgres import PostgresLog
from shared.platform.log.records import EmptyValue
from tests.support.log_cases import LogCases

TOPIC: Final = TopicSpec("contract.events", 3, -1)
OTHER: Final = TopicSpec("contract.alerts", 2, 1000)
SOON_S: Final = 5.0
STARVED_S_MAX: Final = 20.0  # Whoever is passed over for so long is passed over for ever.


def records(*names: str) -> Sequence[NewRecord]:
    return [
        NewRecord(b"key", name.encode(), {"ce_id": name.encode(), "a": "é".encode()})
        for name in names
    ]


def values(found: Sequence[LogRecord]) -> list[tuple[int, bytes]]:
    return [(record.offset, record.value) for record in found]


class LogContract:
    """`log` has TOPIC and OTHER, both empty."""

    async def test_gives_back_what_was_appended_in_order(self, log: EventLog) -> None:
        at = TopicPartition(TOPIC.name, 1)
        assert await log.append(*at, records("a", "b")) == 0
        assert await log.append(*at, records("c")) == 2
        reader = log.reader("test")
        found = await reader.fetch({at: 0}, 10, SOON_S)
        assert values(found[at]) == [(0, b"a"), (1, b"b"), (2, b"c")]
        assert found[at][0].key == b"key"
        assert list(found[at][0].headers.items()) == [("ce_id", b"a"), ("a", "é".encode())]
        await reader.close()

    async def test_fetches_from_any_position(self, log: EventLog) -> None:
        at = TopicPartition(TOPIC.name, 0)
        await log.append(*at, records("a", "b", "c"))
        reader = log.reader("test")
        assert values((await reader.fetch({at: 2}, 10, SOON_S))[at]) == [(2, b"c")]
        assert values((await reader.fetch({at: 0}, 10, SOON_S))[at])[0] == (0, b"a")
        await reader.close()

    async def test_gives_no_more_records_than_asked_for_in_all(self, log: EventLog) -> None:
        one, two = TopicPartition(TOPIC.name, 0), TopicPartition(TOPIC.name, 1)
        await log.append(*one, records("a", "b"))
        await log.append(*two, records("c", "d"))
        reader = log.reader("test")
        found = await reader.fetch({one: 0, two: 0}, 3, SOON_S)
        assert 0 < sum(len(part) for part in found.values()) <= 3
        assert all(part[0].offset == 0 for part in found.values())
        await reader.close()

    async def test_starves_no_partition(self, log: EventLog) -> None:
        ats = [TopicPartition(TOPIC.name, n) for n in range(3)]
        for at in ats:
            await log.append(*at, records(*"abcdef"))
        reader = log.reader("test")
        seen: set[TopicPartition] = set()
        end_s = monotonic_s() + STARVED_S_MAX
        while seen != set(ats) and monotonic_s() < end_s:  # A broker may be slower than others.
            seen.update(await reader.fetch(dict.fromkeys(ats, 0), 2, SOON_S))
        assert seen == set(ats)
        await reader.close()

    async def test_keeps_partitions_and_topics_apart(self, log: EventLog) -> None:
        await log.append(TOPIC.name, 0, records("a"))
        await log.append(TOPIC.name, 1, records("b"))
        await log.append(OTHER.name, 0, records("c", "d"))
        assert list(await log.end_offsets(TOPIC.name)) == [1, 1, 0]
        assert list(await log.end_offsets(OTHER.name)) == [2, 0]
        ends = await log.ends([OTHER.name, TOPIC.name])
        assert {topic: [*found] for topic, found in ends.items()} == {
            TOPIC.name: [1, 1, 0],
            OTHER.name: [2, 0],
        }

    async def test_appends_at_the_same_time_get_offsets_of_their_own(self, log: EventLog) -> None:
        at = TopicPartition(TOPIC.name, 2)
        names = [f"r{n}" for n in range(40)]
        bases = await asyncio.gather(*(log.append(*at, records(n, n + "!")) for n in names))
        assert sorted(bases) == list(range(0, 80, 2))
        reader = log.reader("test")
        found = (await reader.fetch({at: 0}, 100, SOON_S))[at]
        for base, name in zip(bases, names, strict=True):
            assert [r.value.decode() for r in found[base : base + 2]] == [name, name + "!"]
        await reader.close()

    async def test_answers_nothing_when_nothing_comes(self, log: EventLog) -> None:
        reader = log.reader("test")
        assert await reader.fetch({TopicPartition(TOPIC.name, 0): 0}, 10, 0.05) == {}
        await reader.close()

    async def test_wakes_a_reader_that_waits(self, log: EventLog) -> None:
        at = TopicPartition(TOPIC.name, 0)
        reader = log.reader("test")
        waiting = asyncio.create_task(reader.fetch({at: 0}, 10, SOON_S))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await log.append(*at, records("a"))
        assert values((await waiting)[at]) == [(0, b"a")]
        await reader.close()

    async def test_refuses_a_position_beyond_the_end(self, log: EventLog) -> None:
        at = TopicPartition(TOPIC.name, 0)
        await log.append(*at, records("a"))
        reader = log.reader("test")
        with pytest.raises(OffsetOutOfRange):
            await reader.fetch({at: 2}, 10, SOON_S)
        await reader.close()

    async def test_refuses_an_unknown_topic(self, log: EventLog) -> None:
        reader = log.reader("test")
        with pytest.raises(UnknownTopic):
            await log.append("nowhere", 0, records("a"))
        with pytest.raises(UnknownTopic):
            await log.end_offsets("nowhere")
        with pytest.raises(UnknownTopic):
            await log.ends([TOPIC.name, "nowhere"])
        with pytest.raises(UnknownTopic):
            await reader.fetch({TopicPartition("nowhere", 0): 0}, 1, 0)
        with pytest.raises(UnknownTopic):
            await log.verify([TopicSpec("nowhere", 1, -1)])
        await reader.close()

    async def test_an_unknown_topic_harms_no_other_append(self, log: EventLog) -> None:
        good, bad, other = await asyncio.gather(
            log.append(TOPIC.name, 0, records("a")),
            log.append("nowhere", 0, records("b")),
            log.append(TOPIC.name, 0, records("c")),
            return_exceptions=True,
        )
        assert (good, other) == (0, 1)
        assert isinstance(bad, UnknownTopic)

    async def test_refuses_a_record_that_is_too_large_with_its_batch(self, log: EventLog) -> None:
        large = NewRecord(b"key", b"x" * RECORD_BYTES_MAX, {})
        with pytest.raises(RecordTooLarge):
            await log.append(TOPIC.name, 0, [*records("a"), large])
        assert list(await log.end_offsets(TOPIC.name)) == [0, 0, 0]

    async def test_takes_the_largest_record_allowed(self, log: EventLog) -> None:
        at = TopicPartition(TOPIC.name, 0)
        record = NewRecord(b"key", b"x" * (RECORD_BYTES_MAX - 3), {})
        await log.append(*at, [record])
        reader = log.reader("test")
        assert (await reader.fetch({at: 0}, 1, SOON_S))[at][0].value == record.value
        await reader.close()

    async def test_refuses_an_empty_value(self, log: EventLog) -> None:
        with pytest.raises(EmptyValue):
            await log.append(TOPIC.name, 0, [NewRecord(b"key", b"", {})])

    async def test_creating_again_changes_nothing(self, log: EventLog) -> None:
        await log.append(TOPIC.name, 0, records("a"))
        await log.create([TOPIC, OTHER])
        await log.verify([TOPIC, OTHER])
        assert list(await log.end_offsets(TOPIC.name)) == [1, 0, 0]

    @pytest.mark.parametrize(
        "other", [TOPIC._replace(partitions=4), TOPIC._replace(retention_ms=5)]
    )
    async def test_refuses_another_shape_of_a_topic(self, log: EventLog, other: TopicSpec) -> None:
        with pytest.raises(TopicMismatch):
            await log.create([other])
        with pytest.raises(TopicMismatch):
            await log.verify([other])
        await log.verify([TOPIC])

    async def test_knows_how_long_ago_it_stood_at_the_end(self, log: EventLog) -> None:
        at = TopicPartition(TOPIC.name, 0)
        await log.append(*at, records("a", "b"))
        reader = log.reader("test")
        found = (await reader.fetch({at: 0}, 10, SOON_S))[at]
        assert len(found) == 2
        await reader.fetch({at: 2}, 10, 1.0)  # Nothing more: somebody has looked.
        ago_s = reader.caught_up_ago_s(at, 2)
        assert ago_s is not None
        assert 0 <= ago_s < SOON_S
        assert reader.caught_up_ago_s(at, 1) is None
        await reader.close()

    async def test_readers_do_not_disturb_each_other(self, log: EventLog) -> None:
        at = TopicPartition(TOPIC.name, 0)
        await log.append(*at, records("a"))
        readers = [log.reader("one"), log.reader("two")]
        for reader in readers:
            await reader.mirror({at: 0})
            assert values((await reader.fetch({at: 0}, 9, SOON_S))[at]) == [(0, b"a")]
            await reader.close()


class TestMemoryLog(LogContract, LogCases):
    @pytest.fixture
    async def log(self) -> AsyncIterator[EventLog]:
        log = MemoryLog()
        await log.create([TOPIC, OTHER])
        yield log
        await log.close()


@pytest.mark.connected
class TestPostgresLog(LogContract, LogCases):
    @pytest.fixture
    def url(self, make_database: Callable[..., str]) -> str:
        return make_database()

    @pytest.fixture
    async def log(self, url: str) -> AsyncIterator[EventLog]:
        log = PostgresLog(url)
        await log.create([TOPIC, OTHER])
        yield log
        await log.close()

    async def test_another_process_reads_what_was_appended_before(
        self, log: EventLog, url: str
    ) -> None:
        at = TopicPartition(TOPIC.name, 1)
        await log.append(*at, records("a", "b", "c"))
        other = PostgresLog(url)
        reader = other.reader("test")
        assert values((await reader.fetch({at: 1}, 1, SOON_S))[at]) == [(1, b"b")]
        found = (await reader.fetch({at: 0}, 9, SOON_S))[at]
        assert list(found[0].headers.items()) == [("ce_id", b"a"), ("a", "é".encode())]
        await reader.close()
        await other.close()

    async def test_another_process_is_woken_by_an_append(self, log: EventLog, url: str) -> None:
        at = TopicPartition(TOPIC.name, 1)
        other = PostgresLog(url)
        reader = other.reader("test")
        assert await reader.fetch({at: 0}, 1, 0.3) == {}
        waiting = asyncio.create_task(reader.fetch({at: 0}, 9, SOON_S))
        await asyncio.sleep(0.05)
        started = asyncio.get_running_loop().time()
        await log.append(*at, records("a"))
        assert values((await waiting)[at]) == [(0, b"a")]
        assert asyncio.get_running_loop().time() - started < 0.2
        await reader.close()
        await other.close()

    async def test_two_processes_append_without_gaps(self, log: EventLog, url: str) -> None:
        other = PostgresLog(url)
        ats = [TopicPartition(TOPIC.name, n) for n in (0, 1, 2)]
        await asyncio.gather(
            *(
                writer.append(*at, records(f"{n}"))
                for n in range(60)
                for at in (ats if n % 2 else ats[::-1])
                for writer in (log, other)
            )
        )
        for each in (log, other):
            reader = each.reader("test")
            for at in ats:
                found = (await reader.fetch({at: 0}, 500, SOON_S))[at]
                offset = len(found)
                while offset < 120:
                    more = (await reader.fetch({at: offset}, 500, SOON_S))[at]
                    found = [*found, *more]
                    offset = len(found)
                assert [record.offset for record in found] == list(range(120))
            await reader.close()
        await other.close()

    async def test_says_when_records_were_cut_away(self, log: EventLog, url: str) -> None:
        at = TopicPartition(TOPIC.name, 0)
        await log.append(*at, records("a", "b"))
        other = PostgresLog(url)
        connection = await other._connect()
        await connection.execute('DELETE FROM log_record WHERE "offset" = 0')
        await connection.close()
        reader = other.reader("test")
        with pytest.raises(OffsetOutOfRange):
            await reader.fetch({at: 0}, 9, SOON_S)
        await reader.close()
        await other.close()

    async def test_goes_on_after_its_connections_were_cut(self, log: EventLog, url: str) -> None:
        at = TopicPartition(TOPIC.name, 0)
        await log.append(*at, records("a"))
        assert isinstance(log, PostgresLog)
        connection = await log._connect()
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await connection.close()
        for _ in range(50):
            try:
                await log.append(*at, records("b"))
                break
            except Exception:
                await asyncio.sleep(0.02)
        reader = log.reader("test")
        assert values((await reader.fetch({at: 1}, 9, SOON_S))[at])[0] == (1, b"b")
        await reader.close()
