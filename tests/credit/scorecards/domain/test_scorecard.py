from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credit.scorecards.domain.behavior import behavior
from services.credit.scorecards.domain.scorecard import (
    CARD,
    Assessment,
    AtMost,
    Seen,
    assess,
    can_be_scored,
    seen_in,
    to_wire,
)
from tests.support.paying import Paying

NOT_AVAILABLE = Seen("not_available")
IDS = [line.id for line in CARD]
VALUES = st.one_of(st.none(), st.fractions(-50, 300, max_denominator=1000))


def known(value: int | str | Fraction) -> Seen:
    return Seen("available", Fraction(value))


def assessed(seen: Mapping[str, Seen], oldest_open_dpd: int = 0) -> Assessment:
    found = assess(seen, oldest_open_dpd)
    assert found is not None
    return found


class TestCard:
    def test_weights_sum_to_a_hundred(self) -> None:
        assert sum(line.weight for line in CARD) == 100

    @pytest.mark.parametrize(
        ("id", "value", "points"),
        [
            ("ADBT", "-3", 100), ("ADBT", "0", 100), ("ADBT", "0.0001", 85), ("ADBT", "7", 85),
            ("ADBT", "15", 70), ("ADBT", "30", 45), ("ADBT", "60", 20), ("ADBT", "60.01", 0),
            ("LATE_AMT", "0.05", 100), ("LATE_AMT", "0.15", 80), ("LATE_AMT", "0.3", 55),
            ("LATE_AMT", "0.5", 30), ("LATE_AMT", "0.500001", 0),
            ("MAX_DPD", "0", 100), ("MAX_DPD", "15", 80), ("MAX_DPD", "20", 60),
            ("MAX_DPD", "60", 35), ("MAX_DPD", "90", 15), ("MAX_DPD", "91", 0),
            ("TREND", "-5", 100), ("TREND", "0", 80), ("TREND", "5", 60), ("TREND", "15", 30),
            ("TREND", "16", 0),
            ("UTIL", "-1", 100), ("UTIL", "0.5", 100), ("UTIL", "0.75", 80), ("UTIL", "0.9", 55),
            ("UTIL", "1", 30), ("UTIL", "1.0001", 0),
            ("TENURE", "36", 100), ("TENURE", "35", 70), ("TENURE", "12", 70),
            ("TENURE", "11", 40), ("TENURE", "6", 40), ("TENURE", "5", 20),
            ("PTP_BROKEN", "0.25", 50), ("YEARS", "4", 50), ("LEGAL", "1", 50),
            ("INDUSTRY", "2", 20),
        ],
    )  # fmt: skip
    def test_edges_belong_to_the_better_bin(self, id: str, value: str, points: int) -> None:
        line = next(each for each in CARD if each.id == id)

        assert line.scale.points(Fraction(value)) == points


class TestAssess:
    def test_of_the_golden_customer_is_the_golden_score(self) -> None:
        found = assessed(
            {"ADBT": known("12.5714"), "LATE_AMT": known("0.8571"), "MAX_DPD": known(20)}
        )

        assert found.score == Fraction(30 * 70 + 14 * 0 + 14 * 60, 58)
        assert to_wire(found.score) == "50.6897"
        assert found.band == "一般"
        assert [(each.id, to_wire(each.points_lost)) for each in found.reasons] == [
            ("LATE_AMT", "24.1379"),
            ("ADBT", "15.5172"),
            ("MAX_DPD", "9.6552"),
        ]

    def test_gives_nothing_where_nothing_is_available(self) -> None:
        assert assess({}, 0) is None
        assert assess({"ADBT": NOT_AVAILABLE}, 0) is None

    def test_counts_only_what_applies_in_the_coverage(self) -> None:
        found = assessed(
            {
                "ADBT": known(0),
                "LATE_AMT": known(0),
                "MAX_DPD": known(0),
                "TREND": NOT_AVAILABLE,
                "TENURE": known(36),
            }
        )

        assert found.coverage == Fraction(66, 74)
        assert found.score == 100
        assert found.reasons == []
        assert found.caps == []

    @pytest.mark.parametrize(
        ("available", "cap"),
        [
            (["ADBT", "LATE_AMT", "MAX_DPD", "TREND", "TENURE", "PTP_BROKEN"], "优质"),  # 82
            (["ADBT", "LATE_AMT", "MAX_DPD", "TREND", "TENURE", "INDUSTRY"], "良好"),  # 78
            (["ADBT", "LATE_AMT", "MAX_DPD", "YEARS"], "良好"),  # 60
            (["ADBT", "LATE_AMT", "MAX_DPD"], "一般"),  # 58
        ],
    )
    def test_caps_the_grade_by_coverage(self, available: list[str], cap: str) -> None:
        seen = {id: known(0) if id in available else NOT_AVAILABLE for id in IDS}

        assert assessed(seen).cap == cap

    @pytest.mark.parametrize(
        ("dpd", "cap"), [(90, "优质"), (91, "良好"), (180, "良好"), (181, "一般")]
    )
    def test_caps_the_grade_by_the_oldest_open_item(self, dpd: int, cap: str) -> None:
        found = assessed({"ADBT": known(0)}, dpd)

        assert found.cap == cap
        assert found.band == "优质"

    @given(st.dictionaries(st.sampled_from(IDS), VALUES, min_size=1))
    def test_loses_exactly_what_is_missing_to_a_hundred(
        self, values: dict[str, Fraction | None]
    ) -> None:
        seen = {id: NOT_AVAILABLE if v is None else known(v) for id, v in values.items()}
        found = assess(seen, 0)

        if found is None:
            assert all(v is None for v in values.values())
        else:
            assert found.score + sum(each.points_lost for each in found.reasons) == 100
            lost = [each.points_lost for each in found.reasons]
            assert all(one >= other for one, other in pairwise(lost))
            assert 0 < found.coverage <= 1

    @given(
        st.dictionaries(st.sampled_from(IDS), st.fractions(-50, 300), min_size=1),
        st.fractions(0, 100),
        st.data(),
    )
    def test_never_falls_when_one_indicator_improves(
        self, values: dict[str, Fraction], by: Fraction, data: st.DataObject
    ) -> None:
        id = data.draw(st.sampled_from(sorted(values)))
        line = next(each for each in CARD if each.id == id)
        better = values[id] - by if isinstance(line.scale, AtMost) else values[id] + by
        seen = {each: known(value) for each, value in values.items()}

        assert assessed({**seen, id: known(better)}).score >= assessed(seen).score


class TestSeenIn:
    def test_has_no_utilization_where_no_limit_is_set(self) -> None:
        found = behavior(Paying().history, date(2026, 3, 31))

        assert seen_in(found, None)["UTIL"].status == "not_applicable"
        assert seen_in(found, Fraction(1, 2))["UTIL"] == known("0.5")
        assert seen_in(found, None)["ADBT"].status == "not_available"

    def test_needs_three_allocations_for_a_score(self) -> None:
        day, book = date(2026, 3, 31), Paying()
        for n in range(3):
            assert not can_be_scored(behavior(book.history, day))
            book.paid(100, days=0, on=day - timedelta(days=n))

        assert can_be_scored(behavior(book.history, day))

    def test_never_looks_at_what_is_no_indicator(self) -> None:
        found = behavior(Paying().history, date(2026, 3, 31))

        assert seen_in(replace(found, oldest_open_dpd=500), None) == seen_in(found, None)


class TestToWire:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("0", "0.0000"), ("-1/3", "-0.3333"), ("2/3", "0.6667"), ("0.00005", "0.0001"),
            ("-0.00005", "-0.0001"), ("-0.00004", "0.0000"), ("12345.6", "12345.6000"),
        ],
    )  # fmt: skip
    def test_rounds_half_away_from_zero(self, value: str, text: str) -> None:
        assert to_wire(Fraction(value)) == text
