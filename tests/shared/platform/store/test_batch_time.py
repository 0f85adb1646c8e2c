"""What a decision is told of time, and what a timer that fires late is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest

from shared.kernel.decider import (
    Accepted,
    Aggregate,
    AnyChange,
    Book,
    Caller,
    Cause,
    Change,
    Decided,
    Due,
    States,
    Steps,
    Stream,
    Timer,
    Work,
)
from shared.kernel.ids import derived, timer_event_id
from shared.kernel.payloads import text_of
from shared.platform.codec import Codec
from shared.platform.store.batch import Batch, Loaded

TENANT: Final = UUID(int=7001)
BOOK: Final = Book(TENANT, "CN01")
TODAY: Final = date(2026, 3, 2)
NOW: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)
LATER: Final = NOW + timedelta(hours=1)


@dataclass(frozen=True)
class Rung:
    """A bell rang: when it should have, and when it did."""

    at: datetime
    now: datetime


Bell = tuple[Rung, ...]


@dataclass(frozen=True)
class Ring:
    """The bell of an hour."""

    hour: int


def ring(payload: Ring, state: Bell, due: Due) -> Decided[Rung]:
    return Decided(TODAY, [Rung(due.at, due.now)])


def waiting(state: Bell) -> Sequence[Timer]:
    return () if state else [Timer.of(Ring(8), NOW)]


BELL: Final = Aggregate[Bell, Rung](
    "bell",
    initial=(),
    evolve=lambda state, event: (*state, event),
    account_of=lambda event: None,
    timers=waiting,
    on_timer=ring,
    payloads=(Ring,),
)


def batch() -> Batch:
    return Batch(Loaded({}, {}, {}, {}), Codec({"test.bell.rung.v1": Rung}), lambda name: (), 1)


def caller(now: datetime, cause: Cause | None = None) -> Caller:
    return Caller(
        tenant_id=TENANT, actor="tester", now=now, correlation_id=UUID(int=1), cause=cause
    )


def accepted(outcome: Accepted | Exception) -> Accepted:
    assert isinstance(outcome, Accepted), outcome
    return outcome


class TestStates:
    @pytest.mark.parametrize(
        ("caused_at", "now"), [(None, NOW), (LATER, LATER), (NOW - timedelta(days=1), NOW)]
    )
    def test_tell_decide_and_answer_the_time_and_never_one_before_the_cause(
        self, caused_at: datetime | None, now: datetime
    ) -> None:
        bell, told = BELL.stream(BOOK, "1"), list[datetime]()

        def decide(states: States) -> Sequence[AnyChange]:
            told.append(states.now)
            return [Change(bell, [Rung(NOW, states.now)], TODAY)]

        def answer(states: States) -> bytes:
            told.append(states.now)
            return b""

        one = batch()
        cause = Cause(UUID(int=7), caused_at, "t/3/9", TODAY, None) if caused_at else None
        accepted(one.run(Work((bell,), decide, answer), caller(NOW, cause)))
        assert told == [now, now]
        assert one.writes().events[0].recorded_at == now


YESTERDAY: Final = TODAY - timedelta(days=1)


class TestSteps:
    """A use case that writes about several days of one stream."""

    @staticmethod
    def two_days(bell: Stream[Bell, Rung], *, after: int | None = None) -> Work[Bell]:
        def decide(states: States) -> Sequence[AnyChange]:
            steps = Steps(states)
            steps.take(bell, Decided(YESTERDAY, [Rung(NOW, NOW), Rung(NOW, LATER)]))
            assert len(steps.of(bell)) == 2 + len(states.of(bell))
            steps.take(bell, Decided(TODAY, [Rung(LATER, LATER)]))
            first, second = steps.changes
            return [first, second if after is None else second._replace(after=after)]

        return Work((bell,), decide)

    def test_come_to_a_stream_day_after_day(self) -> None:
        one, bell = batch(), BELL.stream(BOOK, "1")

        assert accepted(one.run(self.two_days(bell), caller(NOW))).versions == {bell.id: 3}

        assert [(each.version, each.effective_on) for each in one.writes().events] == [
            (1, YESTERDAY),
            (2, YESTERDAY),
            (3, TODAY),
        ]
        assert accepted(one.run(self.two_days(bell), caller(NOW))).version == 6

    def test_count_the_ids_of_a_rule_on(self) -> None:
        one, bell = batch(), BELL.stream(BOOK, "1")
        rule = replace(caller(NOW), event_id=timer_event_id(7, "ring/8"))

        accepted(one.run(self.two_days(bell), rule))

        expected = [derived(bell.id, "ring/8", 7, n) for n in (1, 2, 3)]
        assert [each.id for each in one.writes().events] == expected

    @pytest.mark.parametrize("after", [0, 1, 3])
    def test_refuse_a_change_decided_on_another_state(self, after: int) -> None:
        one, bell = batch(), BELL.stream(BOOK, "1")

        assert isinstance(one.run(self.two_days(bell, after=after), caller(NOW)), TypeError)
        assert one.is_empty


class TestFire:
    def test_tells_when_it_was_due_and_what_time_it_is(self) -> None:
        one, bell, late = batch(), BELL.stream(BOOK, "1"), NOW + timedelta(days=49)
        opened = Work((bell,), lambda states: [Change(bell, [Rung(NOW, NOW)], TODAY)])
        accepted(one.run(opened, caller(NOW)))

        accepted(one.run(BELL.fire(bell.id, text_of(Ring(8)), NOW), caller(late)))

        assert one.now[bell.id].state == (Rung(NOW, NOW), Rung(NOW, late))
