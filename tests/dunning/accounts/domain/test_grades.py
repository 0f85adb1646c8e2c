from __future__ import annotations

from datetime import date

from services.dunning.accounts.domain.grades import GradeOnDay, grade_seen, rank

JANUARY = GradeOnDay(date(2026, 1, 31), "良好")
FEBRUARY = GradeOnDay(date(2026, 2, 28), "较差")


class TestGradeSeen:
    def test_is_unrated_before_the_first_review(self) -> None:
        assert grade_seen([], date(2026, 3, 1)) == "未评级"

    def test_on_the_first_is_the_grade_before_that_nights_review(self) -> None:
        assert grade_seen([JANUARY, FEBRUARY], date(2026, 3, 1)) == "良好"

    def test_on_the_second_is_the_new_grade(self) -> None:
        assert grade_seen([FEBRUARY, JANUARY], date(2026, 3, 2)) == "较差"

    def test_on_the_first_of_the_first_review_is_unrated(self) -> None:
        assert grade_seen([JANUARY], date(2026, 2, 1)) == "未评级"


class TestRank:
    def test_puts_the_worst_first(self) -> None:
        worst_first = ["较差", "一般", "未评级", "良好", "优质"]

        assert sorted(["良好", "未评级", "优质", "较差", "一般"], key=rank) == worst_first

    def test_treats_a_grade_nobody_knows_as_unrated(self) -> None:
        assert rank("AAA") == rank("未评级")
