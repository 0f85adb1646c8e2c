"""An effect that needs somebody: what waits, what goes on, and how far the cursor moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

import pytest

from shared.kernel.envelope import Recorded
from shared.platform.codec import Codec
from shared.platform.log.port import LogRecord, TopicPartition
from shared.platform.reactor.port import Effect, Unreachable
from shared.platform.reactor.runtime import EFFECTS_MAX, EffectRunner, Progress
from shared.platform.store.submission import Submission, Submitter
from shared.platform.subscription.consumer import Batch, Cursors
from shared.platform.subscription.decoding import EventDecoder, Unprocessed, unprocessed_of
from tests.support.toy import wallet
from tests.support.toy.records import record

AT: Final = TopicPartition("events", 0)
BESIDE: Final = TopicPartition("events", 1)
CODEC: Final = Codec({"toy.wallet.filled.v1": wallet.Filled})


def part(*events: tuple[int, int]) -> Sequence[LogRecord]:
    """(stream, version), at offsets from 0 on."""
    return [record(stream, version, n) for n, (stream, version) in enumerate(events)]


class Clock:
    is_manual = True

    async def now(self) -> datetime:
        return wallet.NOW


class Remembered:
    """A Progress that has processed nothing, and remembers how far cursors were moved."""

    def __init__(self) -> None:
        self.moved: dict[TopicPartition, int] = {}
        self._decoder = EventDecoder(CODEC)

    async def unprocessed(self, batch: Batch) -> Unprocessed:
        return unprocessed_of(self._decoder.decode_all(batch), {})

    async def move(
        self, cursors: Cursors, upto: Mapping[TopicPartition, int], unprocessed: Unprocessed
    ) -> None:
        self.moved.update(upto)


class Submitted:
    """The commands submitted, as (stream, version) of its event."""

    def __init__(self) -> None:
        self.causes: list[int] = []

    async def submit(self, submissions: Sequence[Submission]) -> None:
        self.causes += [
            submission.caller.cause.event_id.int
            for submission in submissions
            if submission.caller.cause
        ]


class SideEffect:
    """Reaches everybody but those events, by id."""

    def __init__(self, *away: int) -> None:
        self._away = away
        self.performed: list[int] = []

    async def perform(self, recorded: Recorded[Any]) -> Sequence[object]:
        if recorded.id.int in self._away:
            raise Unreachable
        self.performed.append(recorded.id.int)
        return [recorded.event]


class RunnerInTest:
    """An EffectRunner with its surroundings."""

    def __init__(self, *away: int) -> None:
        self.effect, self.progress, self.submitted = SideEffect(*away), Remembered(), Submitted()
        self.cursors = Cursors("effect:toy")
        self.cursors.positions = {AT: 0, BESIDE: 0}
        self._runner = EffectRunner(
            Effect("toy", wallet.Filled, self.effect.perform),
            {wallet.Filled: lambda _: wallet.spend("a", 0)},
            progress=cast(Progress, self.progress),
            submitter=cast(Submitter, self.submitted),
            clock=Clock(),
        )

    async def take(self, batch: Batch) -> Mapping[TopicPartition, int]:
        return await self._runner.handle(self.cursors, batch)


class TestEffectRunner:
    async def test_performs_all_and_moves_to_the_end(self) -> None:
        runner = RunnerInTest()
        assert await runner.take({AT: part((1, 1), (2, 1), (1, 2))}) == {AT: 3}
        assert sorted(runner.effect.performed) == [1001, 1002, 2001]
        assert runner.submitted.causes == [1001, 2001, 1002]
        assert runner.progress.moved == {AT: 3}

    async def test_stays_before_what_waits_and_submits_nothing_behind_it(self) -> None:
        runner = RunnerInTest(2001)
        assert await runner.take({AT: part((1, 1), (2, 1), (3, 1))}) == {AT: 1}
        assert runner.submitted.causes == [1001]  # 3001 was performed; it is performed again.
        assert runner.progress.moved == {AT: 1}
        assert AT not in runner.cursors.awake()

    async def test_lets_streams_not_wait_for_each_other(self) -> None:
        runner = RunnerInTest(2001)
        await runner.take({AT: part((2, 1), (3, 1))})
        assert runner.effect.performed == [3001]

    async def test_keeps_the_order_within_a_stream(self) -> None:
        runner = RunnerInTest(1002)
        await runner.take({AT: part((1, 1), (1, 2), (1, 3))})
        assert runner.effect.performed == [1001]

    async def test_lets_other_partitions_go_on(self) -> None:
        runner = RunnerInTest(1001)
        assert await runner.take({AT: part((1, 1)), BESIDE: part((2, 1))}) == {BESIDE: 1}
        assert list(runner.cursors.awake()) == [BESIDE]

    @pytest.mark.parametrize("more", [0, 1, 5])
    async def test_stops_where_a_crash_would_repeat_too_much(self, more: int) -> None:
        runner = RunnerInTest()
        streams = [(n, 1) for n in range(1, EFFECTS_MAX + more + 1)]
        assert await runner.take({AT: part(*streams)}) == {AT: EFFECTS_MAX}
        assert len(runner.effect.performed) == EFFECTS_MAX
