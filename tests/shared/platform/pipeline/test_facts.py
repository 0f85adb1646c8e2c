"""Reactions that ask read models: whoever has to wait for an answer keeps nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, cast
from uuid import UUID

import pytest

from shared.kernel.envelope import Recorded
from shared.kernel.ids import partition_of
from shared.platform.clock import monotonic_s
from shared.platform.database.pools import Database
from shared.platform.log.port import EventLog, TopicPartition
from shared.platform.reactor import facts
from shared.platform.reactor.port import Reaction
from shared.platform.signals import Signal
from shared.platform.subscription.decoding import EventDecoder
from shared.platform.subscription.progress import ProjectionProgress
from tests.support.toy import wallet, wallets
from tests.support.toy.records import record
from tests.support.toy.running import RunningToy
from tests.support.toy.wallets import account

SOON_S: Final = 10.0


async def halt_coins(toy: RunningToy, partition: int) -> None:
    """As the projector does when it cannot take an event; who owns the partition is fenced."""
    async with toy.database.unbound() as connection:
        await connection.exec_driver_sql(
            "UPDATE es_cursor SET state = 'halted'"
            f" WHERE worker = 'coins' AND partition_no = {partition}"
        )


@pytest.mark.connected
class TestReactions:
    async def test_go_on_where_the_read_model_of_another_partition_stands_still(
        self, url: str, log: EventLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Seen: one halted partition of one read model kept all reactions of a service waiting."""
        monkeypatch.setattr("shared.platform.reactor.facts.WAIT_S_MAX", 0.5)
        seen: list[UUID] = []

        def react(recorded: Recorded[Any], facts: Any) -> Sequence[Any]:
            seen.append(recorded.stream_id)
            return []

        reaction = Reaction(
            "look", wallet.Spent, react, needs=("coins",), ask=wallets.ask_for_coins
        )
        toy = RunningToy(url, log, described=wallets.service(reactions=[reaction]))
        await toy.start()
        stands = next(n for n in range(50) if partition_of(account(n)) != partition_of(account(0)))
        await toy.do(wallets.fill("goes", 10, 0), wallets.fill("stands", 10, stands))
        await toy.settle()
        await halt_coins(toy, partition_of(account(stands)))

        for n in range(3):
            await toy.do(wallet.spend("goes", 1), wallet.spend("stands", 1))
            end_s = monotonic_s() + SOON_S
            while seen.count(wallet.stream("goes").id) <= n:
                assert monotonic_s() < end_s
                await asyncio.sleep(0.02)
        assert seen == [wallet.stream("goes").id] * 3
        await toy.stop()

        mended = RunningToy(url, log, described=wallets.service(reactions=[reaction]))
        async with mended.database.unbound() as connection:
            await connection.exec_driver_sql("UPDATE es_cursor SET state = 'running'")
        await mended.start()
        await mended.settle()
        assert seen[3:] == [wallet.stream("stands").id] * 3
        await mended.stop()


class Behind:
    """A connection of Facts: the partitions that are behind, as the database would say."""

    def __init__(self) -> None:
        self.partitions: list[int] = []

    def is_closed(self) -> bool:
        return False

    async def fetch(self, statement: str, *arguments: object) -> list[tuple[int]]:
        wanted = cast(list[int], arguments[2])
        return [(n,) for n in self.partitions if n in wanted]

    async def close(self) -> None:
        """Nothing is open."""


class Ends:
    """A log whose partitions end at 1."""

    async def ends(self, topics: Sequence[str]) -> dict[str, list[int]]:
        return {topic: [1] * 12 for topic in topics}


class Opened:
    def __init__(self, connection: Behind) -> None:
        self._connection = connection

    async def own_connection(self, name: str) -> Behind:
        return self._connection


class Moving:
    moved = Signal()


class TestFacts:
    async def test_waits_in_vain_once_and_then_only_a_moment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waits_s: list[float] = []

        async def until(
            ready: Callable[[], Awaitable[bool]], signal: Signal, *, timeout_s: float
        ) -> bool:
            waits_s.append(timeout_s)
            return await ready()

        monkeypatch.setattr(facts, "until", until)
        behind = Behind()
        asked = facts.Facts(
            "own",
            {"coins": ["others"]},
            database=cast(Database, Opened(behind)),
            log=cast(EventLog, Ends()),
            progress=cast(ProjectionProgress, Moving()),
            published=Signal(),
        )

        async def ready(partition: int) -> bool:
            try:
                await asked.ready([(at(partition), ["coins"])])
            except facts.FactsBehind:
                return False
            return True

        behind.partitions = [3]
        assert [await ready(n) for n in (3, 3, 4)] == [False, False, True]
        behind.partitions = []
        assert [await ready(n) for n in (3, 3)] == [True, True]

        long, short = facts.WAIT_S_MAX, facts.LATE_WAIT_S_MAX
        assert waits_s == [long, short, long, short, long]


def at(partition: int) -> Recorded[Any]:
    """An event that stands in this partition."""
    return EventDecoder(wallet.CODEC).decode(TopicPartition("own", partition), record(1, 1, 0))
