from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.receivables.domain import aging

DUE_ON = date(2026, 3, 2)
DAYS = st.dates(date(1970, 1, 1), date(2199, 12, 31))
EDGES = st.lists(st.integers(1, 400), min_size=1, max_size=6, unique=True).map(sorted)


class TestDaysPastDue:
    def test_is_zero_on_the_due_date_itself(self) -> None:
        assert aging.days_past_due(DUE_ON, DUE_ON) == 0

    def test_counts_from_the_day_after(self) -> None:
        assert aging.days_past_due(DUE_ON, date(2026, 3, 3)) == 1
        assert aging.days_past_due(DUE_ON, date(2026, 2, 27)) == -3


class TestReachedOn:
    def test_is_the_due_date_plus_the_threshold(self) -> None:
        found = aging.reached_on(30, due_on=DUE_ON, since_on=date(2026, 1, 31))

        assert found == date(2026, 4, 1)

    def test_is_not_before_the_item_was_open(self) -> None:
        assert aging.reached_on(1, due_on=DUE_ON, since_on=date(2026, 5, 1)) == date(2026, 5, 1)

    @given(DAYS, st.sampled_from(aging.THRESHOLDS))
    def test_is_so_many_days_past_due(self, due_on: date, threshold: int) -> None:
        day = aging.reached_on(threshold, due_on=due_on, since_on=date(1900, 1, 1))

        assert aging.days_past_due(due_on, day) == threshold


class TestBuckets:
    def test_are_named_by_their_days(self) -> None:
        assert aging.bucket_names() == [
            "credit", "no_due_date", "not_due", "1_30", "31_60", "61_90", "over_90",
        ]  # fmt: skip

    @pytest.mark.parametrize("edges", [[], [0], [30, 30], [60, 30], [-1, 30], [1] * 13, [40_000]])
    def test_refuse_edges_that_leave_a_gap_or_make_no_sense(self, edges: list[int]) -> None:
        with pytest.raises(aging.BadEdges):
            aging.dated_buckets(edges)

    @pytest.mark.parametrize(
        ("days", "bucket"),
        [(-400, "not_due"), (0, "not_due"), (1, "1_30"), (30, "1_30"), (31, "31_60"),
         (60, "31_60"), (61, "61_90"), (90, "61_90"), (91, "over_90"), (4000, "over_90")],
    )  # fmt: skip
    def test_change_at_their_edges(self, days: int, bucket: str) -> None:
        as_of = DUE_ON + timedelta(days=days)

        assert aging.bucket_of(100, due_on=DUE_ON, as_of=as_of) == bucket

    def test_put_unallocated_money_apart_whatever_its_date(self) -> None:
        assert aging.bucket_of(-1, due_on=None, as_of=DUE_ON) == "credit"
        assert aging.bucket_of(1, due_on=None, as_of=DUE_ON) == "no_due_date"

    @given(DAYS, DAYS, EDGES)
    def test_hold_every_due_date_exactly_once(
        self, due_on: date, as_of: date, edges: list[int]
    ) -> None:
        """The bounds that SQL is given say the same as the rule."""
        holding = [
            bucket.name
            for bucket in aging.dated_buckets(edges)
            for earliest, latest in [aging.due_between(bucket, as_of)]
            if (earliest is None or earliest <= due_on) and (latest is None or due_on <= latest)
        ]

        assert holding == [aging.bucket_of(1, due_on=due_on, as_of=as_of, edges=edges)]
