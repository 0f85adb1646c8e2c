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
class Sounded:
    """An alarm sounded: when it should have, and when it did."""

    at: datetime
    now: datetime


Alarm = tuple[Sounded, ...]


@dataclass(frozen=True)
class Sound:
    """The alarm of an hour."""

    hour: int


def sound(payload: Sound, state: Alarm, due: Due) -> Decided[Sounded]:
    return Decided(TODAY, [Sounded(due.at, due.now)])


def waiting(state: Alarm) -> Sequence[Timer]:
    return () if state else [Timer.of(Sound(8), NOW)]


ALARM: Final = Aggregate[Alarm, Sounded](
    "alarm",
    initial=(),
    evolve=lambda state, event: (*state, event),
    account_of=lambda event: None,
    timers=waiting,
    on_timer=sound,
    payloads=(Sound,),
)


def batch() -> Batch:
    return Batch(
        Loaded({}, {}, {}, {}), Codec({"test.alarm.sounded.v1": Sounded}), lambda name: (), 1
    )


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
        alarm, noted = ALARM.stream(BOOK, "1"), list[datetime]()

        def decide(states: States) -> Sequence[AnyChange]:
            noted.append(states.now)
            return [Change(alarm, [Sounded(NOW, states.now)], TODAY)]

        def answer(states: States) -> bytes:
            noted.append(states.now)
            return b""

        one = batch()
        cause = Cause(UUID(int=7), caused_at, "t/3/9", TODAY, None) if caused_at else None
        accepted(one.run(Work((alarm,), decide, answer), caller(NOW, cause)))
        assert noted == [now, now]
        assert one.writes().events[0].recorded_at == now


YESTERDAY: Final = TODAY - timedelta(days=1)


class TestSteps:
    """A use case that writes about several days of one stream."""

    @staticmethod
    def two_days(alarm: Stream[Alarm, Sounded], *, after: int | None = None) -> Work[Alarm]:
        def decide(states: States) -> Sequence[AnyChange]:
            steps = Steps(states)
            steps.take(alarm, Decided(YESTERDAY, [Sounded(NOW, NOW), Sounded(NOW, LATER)]))
            assert len(steps.of(alarm)) == 2 + len(states.of(alarm))
            steps.take(alarm, Decided(TODAY, [Sounded(LATER, LATER)]))
            first, second = steps.changes
            return [first, second if after is None else second._replace(after=after)]

        return Work((alarm,), decide)

    def test_come_to_a_stream_day_after_day(self) -> None:
        one, alarm = batch(), ALARM.stream(BOOK, "1")

        assert accepted(one.run(self.two_days(alarm), caller(NOW))).versions == {alarm.id: 3}

        assert [(each.version, each.effective_on) for each in one.writes().events] == [
            (1, YESTERDAY),
            (2, YESTERDAY),
            (3, TODAY),
        ]
        assert accepted(one.run(self.two_days(alarm), caller(NOW))).version == 6

    def test_count_the_ids_of_a_rule_on(self) -> None:
        one, alarm = batch(), ALARM.stream(BOOK, "1")
        rule = replace(caller(NOW), event_id=timer_event_id(7, "sound/8"))

        accepted(one.run(self.two_days(alarm), rule))

        expected = [derived(alarm.id, "sound/8", 7, n) for n in (1, 2, 3)]
        assert [each.id for each in one.writes().events] == expected

    @pytest.mark.parametrize("after", [0, 1, 3])
    def test_refuse_a_change_decided_on_another_state(self, after: int) -> None:
        one, alarm = batch(), ALARM.stream(BOOK, "1")

        assert isinstance(one.run(self.two_days(alarm, after=after), caller(NOW)), TypeError)
        assert one.is_empty


class TestFire:
    def test_tells_when_it_was_due_and_what_time_it_is(self) -> None:
        one, alarm, late = batch(), ALARM.stream(BOOK, "1"), NOW + timedelta(days=49)
        opened = Work((alarm,), lambda states: [Change(alarm, [Sounded(NOW, NOW)], TODAY)])
        accepted(one.run(opened, caller(NOW)))

        accepted(one.run(ALARM.fire(alarm.id, text_of(Sound(8)), NOW), caller(late)))

        assert one.now[alarm.id].state == (Sounded(NOW, NOW), Sounded(NOW, late))
