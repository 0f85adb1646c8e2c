"""What one partition waits for, or fails on, keeps no other partition's reactions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import pytest

from shared.kernel.envelope import Recorded
from shared.platform.database.pools import Database
from shared.platform.log.port import TopicPartition
from shared.platform.reactor.facts import Facts, FactsBehind
from shared.platform.reactor.port import Reaction
from shared.platform.reactor.runtime import (
    ASKS_AT_ONCE,
    BEHIND_REST_S_MAX,
    BEHIND_REST_S_MIN,
    Progress,
    Reactor,
)
from shared.platform.store.submission import Submitter
from shared.platform.subscription.consumer import Batch, Cursors
from tests.support.toy import wallet
from tests.support.toy.records import record
from tests.support.toy.remembered import Remembered
from tests.support.toy.running import SetClock

FIRST, BESIDE, LAST = (TopicPartition("events", n) for n in range(3))
BATCH: Final[Batch] = {
    at: [record(at.partition + 1, 1, 0)] for at in (FIRST, BESIDE, LAST)
}  # A stream of its own in each.


class Nobody:
    """A Submitter of nothing."""

    async def submit(self, submissions: Sequence[object]) -> None:
        assert not submissions


class Reacting:
    """A Reactor whose reaction fails as it is told, partition by partition."""

    def __init__(self, **problems: Exception) -> None:
        self.reacted: list[int] = []
        self.problems = {int(name.removeprefix("at_")): one for name, one in problems.items()}
        self.cursors = Cursors("reactions")
        self.cursors.positions = dict.fromkeys(BATCH, 0)
        self._reactor = Reactor(
            [Reaction("look", wallet.Filled, self._react)],
            {},
            database=cast(Database, None),
            progress=cast(Progress, Remembered()),
            submitter=cast(Submitter, Nobody()),
            facts=cast(Facts, None),
            clock=SetClock(wallet.NOW),
        )

    async def take(self, batch: Batch = BATCH) -> Mapping[TopicPartition, int]:
        return await self._reactor.handle(self.cursors, batch)

    def _react(self, recorded: Recorded[Any], facts: Any) -> Sequence[Any]:
        if recorded.partition in self.problems:
            raise self.problems[recorded.partition]
        self.reacted.append(recorded.partition)
        return []


class TestReactor:
    async def test_moves_all_where_nothing_is_missing(self) -> None:
        reacting = Reacting()
        assert await reacting.take() == dict.fromkeys(BATCH, 1)
        assert reacting.cursors.awake().keys() == BATCH.keys()

    async def test_lets_others_run_between_the_events_of_a_batch(self) -> None:
        reacting = Reacting()
        many = [record(stream, 1, stream - 1) for stream in range(1, 3 * ASKS_AT_ONCE + 1)]
        seen: list[int] = []

        async def look() -> None:
            while len(reacting.reacted) < len(many):
                seen.append(len(reacting.reacted))
                await asyncio.sleep(0)

        looking = asyncio.create_task(look())
        assert await reacting.take({FIRST: many}) == {FIRST: len(many)}
        await looking
        assert {number // ASKS_AT_ONCE for number in seen} == {0, 1, 2}

    async def test_lets_a_partition_rest_whose_facts_are_missing(self) -> None:
        reacting = Reacting(at_1=FactsBehind("coins"))
        assert await reacting.take() == {FIRST: 1, LAST: 1}
        assert reacting.cursors.awake().keys() == {FIRST, LAST}

    async def test_lets_it_rest_longer_each_time_and_begins_anew_when_it_went_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.platform.subscription.consumer.monotonic_s", lambda: 0.0)
        reacting = Reacting(at_1=FactsBehind("coins"))
        rests_s = []
        for _ in range(8):
            await reacting.take()
            rests_s.append(reacting.cursors.rest_s())
        assert rests_s[:3] == [BEHIND_REST_S_MIN * n for n in (1, 2, 4)]
        assert rests_s[-1] == BEHIND_REST_S_MAX
        behind = reacting.problems.pop(1)
        await reacting.take()
        reacting.problems[1] = behind
        await reacting.take()
        assert reacting.cursors.rest_s() == BEHIND_REST_S_MIN

    async def test_goes_on_beside_a_partition_that_fails_for_ever(self) -> None:
        reacting = Reacting(at_0=FactsBehind("coins"), at_1=ZeroDivisionError())
        assert await reacting.take() == {LAST: 1}

    async def test_says_what_fails_where_nothing_goes_on(self) -> None:
        reacting = Reacting(
            at_0=FactsBehind("coins"), at_1=ZeroDivisionError(), at_2=ZeroDivisionError()
        )
        with pytest.raises(ZeroDivisionError):
            await reacting.take()
