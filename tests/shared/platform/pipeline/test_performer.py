"""An effect that needs somebody: what waits, what is given up, and how far the cursor moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

import pytest
from structlog.testing import capture_logs

from shared.kernel.envelope import Recorded
from shared.platform.codec import Codec
from shared.platform.log.port import LogRecord, TopicPartition
from shared.platform.reactor.port import Effect, Unreachable
from shared.platform.reactor.runtime import (
    EFFECT_TRIES_MAX,
    EFFECTS_MAX,
    EffectRunner,
    Progress,
)
from shared.platform.store.submission import Submission, Submitter
from shared.platform.subscription.consumer import Batch, Cursors
from shared.platform.subscription.decoding import EventDecoder, Unprocessed, unprocessed_of
from tests.support import purse
from tests.support.purse_records import record

AT: Final = TopicPartition("events", 0)
BESIDE: Final = TopicPartition("events", 1)
CODEC: Final = Codec({"test.purse.filled.v1": purse.Filled})


def part(*events: tuple[int, int]) -> Sequence[LogRecord]:
    """(stream, version), at offsets from 0 on."""
    return [record(stream, version, n) for n, (stream, version) in enumerate(events)]


class Clock:
    is_manual = True

    async def now(self) -> datetime:
        return purse.NOW


class Remembered:
    """A Progress that has seen nothing, and remembers how far cursors were moved."""

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
    """What was wished for, as (stream, version) of its event."""

    def __init__(self) -> None:
        self.causes: list[int] = []

    async def submit(self, submissions: Sequence[Submission]) -> None:
        self.causes += [
            submission.caller.cause.event_id.int
            for submission in submissions
            if submission.caller.cause
        ]


class Deed:
    """Reaches everybody but those events, by id; some fail for a reason of their own."""

    def __init__(self, *away: int, failing: Mapping[int, Exception] | None = None) -> None:
        self._away = away
        self.failing = dict(failing or {})
        self.performed: list[int] = []
        self.tried: list[int] = []
        self.failures: list[tuple[int, str]] = []

    async def perform(self, recorded: Recorded[Any], now: datetime) -> Sequence[object]:
        self.tried.append(recorded.id.int)
        if recorded.id.int in self._away:
            raise Unreachable
        if recorded.id.int in self.failing:
            raise self.failing[recorded.id.int]
        self.performed.append(recorded.id.int)
        return [recorded.event]

    def failed(self, recorded: Recorded[Any], reason: str) -> Sequence[object]:
        self.failures.append((recorded.id.int, reason))
        return [recorded.event]


class Told:
    """A EffectRunner with its surroundings."""

    def __init__(
        self,
        *away: int,
        failing: Mapping[int, Exception] | None = None,
        says_what_follows: bool = True,
    ) -> None:
        self.deed = Deed(*away, failing=failing)
        self.progress, self.submitted = Remembered(), Submitted()
        self.cursors = Cursors("effect:deed")
        self.cursors.positions = {AT: 0, BESIDE: 0}
        self._performer = EffectRunner(
            "books",
            Effect(
                "deed",
                purse.Filled,
                self.deed.perform,
                self.deed.failed if says_what_follows else None,
            ),
            {purse.Filled: lambda _: purse.spend("a", 0)},
            progress=cast(Progress, self.progress),
            submitter=cast(Submitter, self.submitted),
            clock=Clock(),
        )

    async def take(self, batch: Batch) -> Mapping[TopicPartition, int]:
        return await self._performer.handle(self.cursors, batch)

    async def take_until_given_up(self, batch: Batch) -> Mapping[TopicPartition, int]:
        """The last answer; before it the partition waits for the event that fails."""
        for _ in range(EFFECT_TRIES_MAX - 1):
            upto = await self.take(batch)
            assert AT not in self.cursors.awake()
            assert upto.get(AT, 0) < batch[AT][-1].offset + 1
        return await self.take(batch)


class TestPerformer:
    async def test_performs_all_and_moves_to_the_end(self) -> None:
        told = Told()
        assert await told.take({AT: part((1, 1), (2, 1), (1, 2))}) == {AT: 3}
        assert sorted(told.deed.performed) == [1001, 1002, 2001]
        assert told.submitted.causes == [1001, 2001, 1002]
        assert told.progress.moved == {AT: 3}

    async def test_stays_before_what_waits_and_wishes_for_nothing_behind_it(self) -> None:
        told = Told(2001)
        assert await told.take({AT: part((1, 1), (2, 1), (3, 1))}) == {AT: 1}
        assert told.submitted.causes == [1001]  # 3001 was performed; it is performed again.
        assert told.progress.moved == {AT: 1}
        assert AT not in told.cursors.awake()

    async def test_lets_streams_not_wait_for_each_other(self) -> None:
        told = Told(2001)
        await told.take({AT: part((2, 1), (3, 1))})
        assert told.deed.performed == [3001]

    async def test_keeps_the_order_within_a_stream(self) -> None:
        told = Told(1002)
        await told.take({AT: part((1, 1), (1, 2), (1, 3))})
        assert told.deed.performed == [1001]

    async def test_lets_other_partitions_go_on(self) -> None:
        told = Told(1001)
        assert await told.take({AT: part((1, 1)), BESIDE: part((2, 1))}) == {BESIDE: 1}
        assert list(told.cursors.awake()) == [BESIDE]

    @pytest.mark.parametrize("more", [0, 1, 5])
    async def test_stops_where_a_crash_would_repeat_too_much(self, more: int) -> None:
        told = Told()
        streams = [(n, 1) for n in range(1, EFFECTS_MAX + more + 1)]
        assert await told.take({AT: part(*streams)}) == {AT: EFFECTS_MAX}
        assert len(told.deed.performed) == EFFECTS_MAX


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
        told = Told(failing={2001: fault})
        batch = {AT: part((1, 1), (2, 1), (3, 1)), BESIDE: part((4, 1))}

        assert await told.take_until_given_up(batch) == {AT: 3, BESIDE: 1}

        assert told.deed.failures == [(2001, type(fault).__name__)]
        assert told.submitted.causes[-4:] == [1001, 2001, 3001, 4001]
        assert told.progress.moved == {AT: 3, BESIDE: 1}

    async def test_is_tried_so_often_and_no_more(self) -> None:
        told = Told(failing={1001: ValueError()})
        await told.take_until_given_up({AT: part((1, 1))})
        assert told.deed.tried == [1001] * EFFECT_TRIES_MAX

    async def test_is_logged_without_what_the_problem_says(self) -> None:
        """It may be somebody's address."""
        told = Told(failing={1001: ValueError("ann@example.com")})
        with capture_logs() as lines:
            await told.take_until_given_up({AT: part((1, 1))})
        (given_up,) = (line for line in lines if line["log_level"] == "error")
        assert (given_up["event"], given_up["problem"]) == ("effect given up", "ValueError")
        assert any("perform" in frame for frame in given_up["frames"])
        assert "ann@example.com" not in str(lines)

    async def test_is_performed_when_the_reason_goes_away(self) -> None:
        told = Told(failing={1001: PermissionError()})
        await told.take({AT: part((1, 1))})
        told.deed.failing.clear()
        assert await told.take({AT: part((1, 1))}) == {AT: 1}
        assert (told.deed.performed, told.deed.failures) == ([1001], [])

    async def test_does_not_stop_later_events_of_its_stream(self) -> None:
        told = Told(failing={1001: ValueError()})
        await told.take_until_given_up({AT: part((1, 1), (1, 2))})
        assert told.deed.performed == [1002]

    async def test_is_given_up_once_more_when_it_was_not_written(self) -> None:
        """An event before it waits, so the cursor did not pass it."""
        told = Told(1001, failing={2001: ValueError()})
        batch = {AT: part((1, 1), (2, 1))}
        for _ in range(EFFECT_TRIES_MAX + 1):
            assert await told.take(batch) == {}
        assert told.deed.failures == [(2001, "ValueError")] * 2
        assert told.submitted.causes == []

    async def test_is_raised_where_the_effect_does_not_say_what_follows(self) -> None:
        told = Told(failing={1001: ZeroDivisionError()}, says_what_follows=False)
        with pytest.raises(ZeroDivisionError):
            await told.take_until_given_up({AT: part((1, 1))})
