from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from uuid import UUID

import pytest

from services.credit.files.domain.credit_file import commands, events
from services.credit.files.domain.credit_file.decide import (
    Review,
    credit_file,
    on_timer,
    open_file,
    record_score,
)
from services.credit.files.domain.credit_file.state import Opened
from services.credit.scorecards.domain.behavior import Behavior
from services.credit.scorecards.domain.grade import Standing
from shared.kernel.decider import NOTHING, Book, CorruptHistory, Decided, Due, Timer, expect
from tests.support.spec import given

ACCOUNT, FILE = UUID(int=1), UUID(int=2)
OPENED = events.CreditFileOpened(
    account_id=ACCOUNT,
    account_number="C-1001",
    legal_entity="CN01",
    time_zone="Asia/Shanghai",
    currency="CNY",
    opened_on=date(2026, 1, 5),
    recorded_on=date(2026, 1, 5),
)
GOLDEN = Behavior(
    as_of=date(2026, 1, 31),
    allocations=3,
    adbt=Fraction(88, 7),
    payment_index=None,
    late_cnt=None,
    late_amt=Fraction(6, 7),
    max_dpd=20,
    oldest_open_dpd=0,
    trend=None,
    tenure_months=None,
)


def opening(on: date, recorded_on: date) -> commands.OpenCreditFile:
    return commands.OpenCreditFile(
        book=Book(UUID(int=7), "CN01"),
        account_id=ACCOUNT,
        account_number="C-1001",
        time_zone="Asia/Shanghai",
        currency="CNY",
        opened_on=on,
        recorded_on=recorded_on,
        effective_on=on,
    )


def started(as_of: date) -> events.CreditFileReviewStarted:
    return events.CreditFileReviewStarted(account_id=ACCOUNT, as_of=as_of)


def score(as_of: date = GOLDEN.as_of, util: Fraction | None = None) -> commands.RecordScore:
    return commands.RecordScore(
        file_id=FILE, behavior=replace(GOLDEN, as_of=as_of), utilization=util
    )


def review(history: Sequence[events.Event], seen: Behavior) -> Sequence[events.Event]:
    """What a review adds."""
    state = given(credit_file, *history).state
    command = commands.RecordScore(file_id=FILE, behavior=seen, utilization=None)
    return list(record_score(command, state).events)


def due(as_of: date, *history: events.Event) -> Decided[events.Event]:
    """What the review of the month does when it is due."""
    state = given(credit_file, *history).state
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return on_timer(Review(as_of), state, Due(at, at))


class TestOpenFile:
    def test_opens_it(self) -> None:
        day = date(2026, 1, 5)

        given(credit_file).when(open_file, opening(day, day)).then(OPENED)

    def test_stays_quiet_when_it_is_open(self) -> None:
        day = date(2026, 2, 9)

        given(credit_file, OPENED).when(open_file, opening(day, day)).then_nothing()


class TestTimers:
    def test_wait_for_nothing_before_the_file_is_open(self) -> None:
        assert given(credit_file).timers == ()

    def test_wait_for_the_first_instant_after_the_month_in_the_zone(self) -> None:
        due_at = datetime(2026, 1, 31, 16, tzinfo=UTC)

        assert given(credit_file, OPENED).timers == (Timer("review/2026-01-31", due_at),)

    def test_wait_for_the_next_month_once_a_review_has_started(self) -> None:
        found = given(credit_file, OPENED, started(date(2026, 1, 31))).timers

        assert [each.name for each in found] == ["review/2026-02-28"]

    def test_do_not_wait_for_months_that_were_over_when_we_learned_of_the_account(self) -> None:
        late = replace(OPENED, opened_on=date(2020, 1, 5), recorded_on=date(2026, 1, 31))

        assert [each.name for each in given(credit_file, late).timers] == ["review/2026-01-31"]

    def test_wait_for_the_month_in_which_the_account_opens(self) -> None:
        ahead = replace(OPENED, opened_on=date(2026, 3, 1))

        assert [each.name for each in given(credit_file, ahead).timers] == ["review/2026-03-31"]


class TestOnTimer:
    def test_starts_the_review_that_waits(self) -> None:
        day = date(2026, 1, 31)

        assert due(day, OPENED).events == [started(day)]
        assert due(day, OPENED).effective_on == day

    @pytest.mark.parametrize("day", [date(2026, 1, 31), date(2026, 3, 31), date(2026, 2, 27)])
    def test_stays_quiet_about_any_other_day(self, day: date) -> None:
        assert due(day, OPENED, started(date(2026, 1, 31))) == NOTHING

    def test_stops_loudly_where_there_is_no_file(self) -> None:
        with pytest.raises(CorruptHistory):
            due(date(2026, 1, 31))


class TestRecordScore:
    def test_writes_the_golden_score_with_all_it_saw_and_the_first_grade(self) -> None:
        scored, changed = review([OPENED, started(GOLDEN.as_of)], GOLDEN)

        assert isinstance(scored, events.CreditFileScored)
        assert (scored.score, scored.band, scored.allocations) == ("50.6897", "一般", 3)
        assert scored.coverage == "0.7838"
        assert scored.indicators[0] == events.Indicator(
            id="ADBT", status="available", value="12.5714", sub_score=70, weight=30
        )
        assert [(each.id, each.status) for each in scored.indicators[3:]] == [
            ("TREND", "not_available"),
            ("PTP_BROKEN", "not_applicable"),
            ("UTIL", "not_applicable"),
            ("TENURE", "not_available"),
            ("INDUSTRY", "not_applicable"),
            ("LEGAL", "not_applicable"),
            ("YEARS", "not_applicable"),
        ]
        assert [each.id for each in scored.reasons] == ["LATE_AMT", "ADBT", "MAX_DPD"]
        assert scored.caps == (events.Cap(id="COVERAGE_BELOW_80", grade="良好"),)
        assert changed == events.CreditFileGradeChanged(
            account_id=ACCOUNT,
            as_of=GOLDEN.as_of,
            from_grade="未评级",
            to_grade="一般",
            score="50.6897",
        )

    def test_stays_quiet_when_there_are_fewer_than_three_allocations(self) -> None:
        assert review([OPENED], replace(GOLDEN, allocations=2)) == []

    def test_stays_quiet_about_a_month_that_was_scored(self) -> None:
        history = [OPENED, *review([OPENED], GOLDEN)]

        given(credit_file, *history).when(record_score, score()).then_nothing()

    def test_is_silent_about_a_grade_that_stays(self) -> None:
        history = [OPENED, *review([OPENED], GOLDEN)]
        more = review(history, replace(GOLDEN, as_of=date(2026, 2, 28)))

        assert [type(each) for each in more] == [events.CreditFileScored]

    def test_remembers_the_counters_that_stand_in_the_event(self) -> None:
        history: list[events.Event] = [OPENED, *review([OPENED], GOLDEN)]
        strong = replace(
            GOLDEN, adbt=Fraction(0), late_amt=Fraction(0), trend=Fraction(-9), tenure_months=36
        )
        grades = []
        for day in (date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31)):
            history += review(history, replace(strong, as_of=day))
            state = given(credit_file, *history).state
            assert isinstance(state, Opened)
            grades.append((state.standing.grade, state.standing.strong))

        # The third strong review comes 89 days after the change: one day too early.
        assert grades == [("一般", 1), ("一般", 2), ("一般", 3), ("良好", 0)]
        last = expect(given(credit_file, *history).state, Opened)
        assert last.standing == Standing(grade="良好", changed_on=date(2026, 5, 31))

    def test_sees_the_limit_where_one_is_set(self) -> None:
        state = given(credit_file, OPENED).state
        scored, *_ = record_score(score(util=Fraction(3, 4)), state).events

        assert isinstance(scored, events.CreditFileScored)
        util = next(each for each in scored.indicators if each.id == "UTIL")
        assert (util.status, util.value, util.sub_score) == ("available", "0.7500", 80)
