from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.days import add_months, day_at, end_of_month, start_of_day, whole_months

days = st.dates(date(1971, 1, 1), date(2099, 12, 31))
zones = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "UTC"])


class TestStartOfDay:
    def test_is_midnight_in_the_zone(self) -> None:
        assert start_of_day(date(2012, 1, 1), "Asia/Shanghai") == datetime(
            2011, 12, 31, 16, tzinfo=UTC
        )

    def test_is_the_first_instant_of_a_day_without_a_midnight(self) -> None:
        # Brazil went to summer time at 00:00 of 2018-11-04 (tz database, America/Sao_Paulo).
        assert start_of_day(date(2018, 11, 4), "America/Sao_Paulo") == datetime(
            2018, 11, 4, 3, tzinfo=UTC
        )

    @given(days, zones)
    def test_belongs_to_its_day_and_the_instant_before_does_not(self, day: date, zone: str) -> None:
        start = start_of_day(day, zone)

        assert day_at(start, zone) == day
        assert day_at(start - timedelta(microseconds=1), zone) < day


class TestMonths:
    @pytest.mark.parametrize(
        ("start", "end", "months"),
        [
            (date(2012, 1, 31), date(2012, 2, 28), 0),
            (date(2012, 1, 31), date(2012, 2, 29), 1),
            (date(2012, 1, 15), date(2012, 2, 14), 0),
            (date(2012, 1, 15), date(2013, 1, 15), 12),
        ],
    )
    def test_are_whole_on_the_same_day_or_the_last(
        self, start: date, end: date, months: int
    ) -> None:
        assert whole_months(start, end) == months

    def test_end_on_their_last_day(self) -> None:
        assert end_of_month(date(2012, 2, 3)) == date(2012, 2, 29)

    def test_take_the_last_day_where_the_day_is_missing(self) -> None:
        assert add_months(date(2013, 3, 31), -1) == date(2013, 2, 28)

    @given(st.dates(date(1971, 1, 1), date(2079, 12, 31)), st.integers(0, 240))
    def test_count_back_what_was_added(self, start: date, months: int) -> None:
        assert whole_months(start, add_months(start, months)) == months
