"""The issue's table, written once more by hand."""

from __future__ import annotations

import pytest

from services.dunning.strategies.domain.dunning_plan import Action, AskSomebody, SendNotice, actions

PRE_DUE = SendNotice("email", "pre_due")
EMAIL = SendNotice("email", "reminder")
LETTER = SendNotice("letter", "dunning_letter")
FINAL = SendNotice("letter", "final_notice")
PHONE = AskSomebody("phone")
LEGAL = AskSomebody("legal_decision")
GRADES = ("优质", "良好", "一般", "未评级", "较差")

TABLE: dict[int, list[list[Action]]] = {
    -3: [[PRE_DUE], [PRE_DUE], [PRE_DUE], [PRE_DUE], [PRE_DUE]],
    1: [[], [EMAIL], [EMAIL], [EMAIL], [EMAIL, PHONE]],
    30: [[PHONE], [PHONE], [LETTER, PHONE], [LETTER, PHONE], [LETTER, PHONE]],
    60: [[LETTER], [LETTER], [FINAL], [FINAL], [FINAL]],
    90: [[FINAL], [FINAL], [LEGAL], [LEGAL], [LEGAL]],
}


class TestActions:
    @pytest.mark.parametrize("threshold", TABLE)
    @pytest.mark.parametrize("grade", GRADES)
    def test_are_those_of_the_table(self, threshold: int, grade: str) -> None:
        expected = TABLE[threshold][GRADES.index(grade)]

        assert list(actions(grade, threshold)) == expected

    def test_are_none_at_a_threshold_without_a_row(self) -> None:
        assert list(actions("一般", 45)) == []

    def test_treat_a_grade_nobody_knows_as_unrated(self) -> None:
        assert actions("AAA", 30) == actions("未评级", 30)
