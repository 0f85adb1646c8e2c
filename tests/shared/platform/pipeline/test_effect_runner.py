"""An effect that needs somebody: what waits, what is given up, and how far the cursor moves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

import pytest
from structlog.testing import capture_logs

from shared.kernel.envelope import Recorded
from shared.platform.log.port import LogRecord, TopicPartition
from shared.platform.reactor.effects import EFFECT_TRIES_MAX, EFFECTS_MAX, EffectRunner
from shared.platform.reactor.port import Effect, Unreachable
from shared.platform.reactor.runtime import Progress
from shared.platform.store.submission import Submission, Submitter
from shared.platform.subscription.consumer import Batch, Cursors
from tests.support.toy import wallet
from tests.support.toy.records import record
from tests.support.toy.remembered import Remembered
from tests.support.toy.running import SetClock

AT: Final = TopicPartition("events", 0)
BESIDE: Final = TopicPartition("events", 1)


def part(*events: tuple[int, int]) -> Sequence[LogRecord]:
    """(stream, version), at offsets from 0 on."""
    return [record(stream, version, n) for n, (stream, version) in enumerate(events)]


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
    """Reaches everybody but those events, by id; some fail for a reason of their own."""

    def __init__(self, *away: int, failing: Mapping[int, Exception] | None = None) -> None:
        self._away = away
        self.failing = dict(failing or {})
        self.slow: dict[int, asyncio.Event] = {}  # Event -> until when it takes.
        self.performed: list[int] = []
        self.tried: list[int] = []
        self.failures: list[tuple[int, str]] = []

    async def perform(self, recorded: Recorded[Any], now: datetime) -> Sequence[object]:
        self.tried.append(recorded.id.int)
        if recorded.id.int in self.slow:
            await self.slow[recorded.id.int].wait()
        if recorded.id.int in self._away:
            raise Unreachable
        if recorded.id.int in self.failing:
            raise self.failing[recorded.id.int]
        self.performed.append(recorded.id.int)
        return [recorded.event]

    def failed(self, recorded: Recorded[Any], reason: str) -> Sequence[object]:
        self.failures.append((recorded.id.int, reason))
        return [recorded.event]


class RunnerInTest:
    """An EffectRunner with its surroundings."""

    def __init__(
        self,
        *away: int,
        failing: Mapping[int, Exception] | None = None,
        says_what_follows: bool = True,
    ) -> None:
        self.effect = SideEffect(*away, failing=failing)
        self.progress, self.submitted = Remembered(), Submitted()
        self.cursors = Cursors("effect:toy")
        self.cursors.positions = {AT: 0, BESIDE: 0}
        self._runner = EffectRunner(
            "books",
            Effect(
                "toy",
                wallet.Filled,
                self.effect.perform,
                self.effect.failed if says_what_follows else None,
            ),
            {wallet.Filled: lambda _: wallet.spend("a", 0)},
            progress=cast(Progress, self.progress),
            submitter=cast(Submitter, self.submitted),
            clock=SetClock(wallet.NOW),
        )

    async def take(self, batch: Batch) -> Mapping[TopicPartition, int]:
        return await self._runner.handle(self.cursors, batch)

    async def take_until_given_up(self, batch: Batch) -> Mapping[TopicPartition, int]:
        """The last answer; before it the partition waits for the event that fails."""
        for _ in range(EFFECT_TRIES_MAX - 1):
            upto = await self.take(batch)
            assert AT not in self.cursors.awake()
            assert upto.get(AT, 0) < batch[AT][-1].offset + 1
        return await self.take(batch)


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


# What may be raised for a reason of the event's own. Some look like a connection that is away.
OWN_FAULTS: Final = (
    ValueError("an address nobody can write"),
    TypeError("a template that adds what cannot be added"),
    PermissionError(13, "denied"),
    FileNotFoundError(2, "gone"),
    OSError(36, "File name too long"),
    TimeoutError(),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"),
)


class TestAnEventThatFailsForAReasonOfItsOwn:
    @pytest.mark.parametrize("fault", OWN_FAULTS, ids=lambda one: type(one).__name__)
    async def test_is_given_up_and_everybody_else_goes_on(self, fault: Exception) -> None:
        runner = RunnerInTest(failing={2001: fault})
        batch = {AT: part((1, 1), (2, 1), (3, 1)), BESIDE: part((4, 1))}

        assert await runner.take_until_given_up(batch) == {AT: 3, BESIDE: 1}

        assert runner.effect.failures == [(2001, type(fault).__name__)]
        assert runner.submitted.causes[-4:] == [1001, 2001, 3001, 4001]
        assert runner.progress.moved == {AT: 3, BESIDE: 1}

    async def test_is_tried_so_often_and_no_more(self) -> None:
        runner = RunnerInTest(failing={1001: ValueError()})
        await runner.take_until_given_up({AT: part((1, 1))})
        assert runner.effect.tried == [1001] * EFFECT_TRIES_MAX

    async def test_is_logged_without_what_the_problem_says(self) -> None:
        """It may be somebody's address."""
        runner = RunnerInTest(failing={1001: ValueError("ann@example.com")})
        with capture_logs() as lines:
            await runner.take_until_given_up({AT: part((1, 1))})
        (given_up,) = (line for line in lines if line["log_level"] == "error")
        assert (given_up["event"], given_up["problem"]) == ("effect given up", "ValueError")
        assert any("perform" in frame for frame in given_up["frames"])
        assert "ann@example.com" not in str(lines)

    async def test_is_performed_when_the_reason_goes_away(self) -> None:
        runner = RunnerInTest(failing={1001: PermissionError()})
        await runner.take({AT: part((1, 1))})
        runner.effect.failing.clear()
        assert await runner.take({AT: part((1, 1))}) == {AT: 1}
        assert (runner.effect.performed, runner.effect.failures) == ([1001], [])

    async def test_does_not_stop_later_events_of_its_stream(self) -> None:
        runner = RunnerInTest(failing={1001: ValueError()})
        await runner.take_until_given_up({AT: part((1, 1), (1, 2))})
        assert runner.effect.performed == [1002]

    async def test_is_given_up_once_more_when_it_was_not_written(self) -> None:
        """An event before it waits, so the cursor did not pass it."""
        runner = RunnerInTest(1001, failing={2001: ValueError()})
        batch = {AT: part((1, 1), (2, 1))}
        for _ in range(EFFECT_TRIES_MAX + 1):
            assert await runner.take(batch) == {}
        assert runner.effect.failures == [(2001, "ValueError")] * 2
        assert runner.submitted.causes == []

    async def test_is_raised_where_the_effect_does_not_say_what_follows(self) -> None:
        runner = RunnerInTest(failing={1001: ZeroDivisionError()}, says_what_follows=False)
        with pytest.raises(ZeroDivisionError):
            await runner.take_until_given_up({AT: part((1, 1))})

    async def test_is_raised_when_nothing_is_performed_any_more(self) -> None:
        """Else the repetition would run beside what it repeats."""
        runner = RunnerInTest(failing={1001: ZeroDivisionError()}, says_what_follows=False)
        batch = {AT: part((1, 1), (2, 1)), BESIDE: part((3, 1))}
        for _ in range(EFFECT_TRIES_MAX - 1):
            await runner.take(batch)
        runner.effect.slow = {2001: asyncio.Event(), 3001: asyncio.Event()}
        runner.effect.performed.clear()

        taking = asyncio.create_task(runner.take(batch))
        for event in runner.effect.slow.values():
            await asyncio.sleep(0.01)
            assert not taking.done()
            event.set()
        with pytest.raises(ZeroDivisionError):
            await taking

        assert sorted(runner.effect.performed) == [2001, 3001]
