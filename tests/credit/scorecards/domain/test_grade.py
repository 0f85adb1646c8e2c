from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credit.scorecards.domain.grade import (
    FLOORS,
    GRADES,
    NO_STANDING,
    TOLERANCE_POINTS,
    Rated,
    Standing,
    band_of,
    next_standing,
)
from shared.kernel.days import add_months, end_of_month

LONG_AGO = date(2020, 1, 31)
GOOD = Standing(grade="良好", changed_on=LONG_AGO)
SCORES = st.fractions(0, 100, max_denominator=100)


def month_end(n: int) -> date:
    return end_of_month(add_months(date(2026, 1, 31), n))


def follow(
    scores: Sequence[int | Fraction],
    start: Standing = GOOD,
    cap: Rated = "优质",
) -> list[str]:
    """The grade after each monthly review."""
    grades = []
    for n, score in enumerate(scores):
        start = next_standing(start, Fraction(score), cap, month_end(n))
        grades.append(start.grade)
    return list(grades)


class TestBandOf:
    @pytest.mark.parametrize(
        ("score", "band"),
        [
            (0, "较差"), ("49.9999", "较差"), (50, "一般"), ("64.99999", "一般"), (65, "良好"),
            ("79.999999", "良好"), (80, "优质"), (100, "优质"),
        ],
    )  # fmt: skip
    def test_begins_at_its_floor_exactly(self, score: int | str, band: str) -> None:
        assert band_of(Fraction(score)) == band


class TestNextStanding:
    @pytest.mark.parametrize(
        ("scores", "grades"),
        [
            ([64, 64], ["良好", "一般"]),
            ([61], ["一般"]),
            ([64, 66, 64], ["良好"] * 3),
            ([81] * 4, ["良好"] * 4),
            ([84] * 3, ["良好", "良好", "优质"]),
            ([48], ["较差"]),
            ([84, 84, 80, 84, 84, 84], ["良好"] * 5 + ["优质"]),
        ],
    )
    def test_follows_the_golden_sequences(self, scores: list[int], grades: list[str]) -> None:
        assert follow(scores) == grades

    def test_gives_the_first_grade_by_the_score_alone(self) -> None:
        for score in (0, 50, 65, 80):
            assert follow([score], NO_STANDING) == [band_of(Fraction(score))]

    def test_waits_ninety_days_after_the_last_change_but_counts_meanwhile(self) -> None:
        changed = Standing(grade="良好", changed_on=date(2025, 12, 31))

        assert follow([84] * 4, changed) == ["良好", "良好", "优质", "优质"]  # 03-31: 90 days
        later = Standing(grade="良好", changed_on=date(2026, 1, 1))
        assert follow([84] * 4, later) == ["良好", "良好", "良好", "优质"]

    def test_clears_both_counters_with_every_change(self) -> None:
        first = next_standing(NO_STANDING, Fraction(60), "优质", month_end(0))

        assert first == Standing(grade="一般", changed_on=month_end(0), watch=0, strong=0)
        watched = Standing(grade="良好", changed_on=LONG_AGO, watch=1)
        dropped = next_standing(watched, Fraction(64), "优质", month_end(0))
        assert dropped == Standing(grade="一般", changed_on=month_end(0), watch=0, strong=0)

    def test_lets_one_counter_clear_the_other(self) -> None:
        assert follow([84, 84, 64, 84, 84, 84]) == ["良好"] * 5 + ["优质"]
        assert follow([64, 84, 64]) == ["良好"] * 3

    def test_climbs_one_notch_however_high_the_score(self) -> None:
        worst = Standing(grade="较差", changed_on=LONG_AGO)

        assert follow([99] * 3, worst) == ["较差", "较差", "一般"]

    def test_falls_to_the_cap_at_once(self) -> None:
        best = Standing(grade="优质", changed_on=LONG_AGO)

        assert follow([99], best, "一般") == ["一般"]
        assert follow([99], NO_STANDING, "良好") == ["良好"]
        assert follow([10], best, "良好") == ["较差"]

    def test_does_not_climb_above_the_cap_and_climbs_when_it_is_gone(self) -> None:
        good = Standing(grade="良好", changed_on=LONG_AGO)
        for n in range(5):
            good = next_standing(good, Fraction(99), "良好", month_end(n))

        assert (good.grade, good.strong) == ("良好", 5)
        assert next_standing(good, Fraction(99), "优质", month_end(5)).grade == "优质"

    @given(st.lists(SCORES, min_size=1, max_size=40))
    def test_stays_unless_the_score_leaves_its_band_for_long_or_far(
        self, scores: list[Fraction]
    ) -> None:
        standing = NO_STANDING
        for n, score in enumerate(scores):
            before, standing = standing, next_standing(standing, score, "优质", month_end(n))
            if before.grade == "未评级" or standing.grade == before.grade:
                continue
            assert standing.grade != "未评级"
            was, now = GRADES.index(before.grade), GRADES.index(standing.grade)
            if now > was:
                assert now == was + 1
                assert score >= FLOORS[now] + TOLERANCE_POINTS
                assert (month_end(n) - before.changed_on).days >= 90
            else:
                assert score < FLOORS[was]

    @given(st.lists(SCORES, max_size=30), st.sampled_from(GRADES))
    def test_is_never_above_the_cap(self, scores: list[Fraction], cap: Rated) -> None:
        for grade in follow(scores, NO_STANDING, cap):
            assert GRADES.index(grade) <= GRADES.index(cap)
