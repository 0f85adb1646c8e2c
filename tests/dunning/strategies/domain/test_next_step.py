from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.dunning.accounts.domain.grades import BEST, FAIR, GOOD, POOR, UNRATED
from services.dunning.strategies.domain.dunning_plan import STEPS_PAST_DUE, actions
from services.dunning.strategies.domain.next_step import Debt, NextStep, WaitingStep, next_step

TODAY = date(2026, 3, 10)
GRADES = (BEST, GOOD, FAIR, POOR, UNRATED, "新")


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


def debt(latest: int | None, days_past_due: int) -> Debt:
    return Debt(latest_step=latest, oldest_due_on=in_days(-days_past_due))


def waits(step: int, days: int, *, is_returned: bool = False) -> WaitingStep:
    return WaitingStep(step=step, is_returned=is_returned, review_on=in_days(days))


def found(
    *debts: Debt, waiting: WaitingStep | None = None, grade: str = POOR
) -> tuple[int, int] | None:
    """The step, and in how many days."""
    step = next_step(today=TODAY, grade=grade, debts=debts, waiting=waiting)
    return None if step is None else (step.step, (step.on - TODAY).days)


class TestNextStep:
    def test_is_the_first_threshold_ahead(self) -> None:
        assert found(debt(1, 5)) == (30, 25)
        assert found(debt(30, 59)) == (60, 1)
        assert found(debt(None, -2)) == (1, 3)
        assert found(debt(-3, -2)) == (1, 3)

    def test_of_several_items_is_the_one_that_comes_first(self) -> None:
        assert found(debt(1, 5), debt(30, 40), debt(60, 70)) == (90, 20)

    def test_of_one_day_is_the_more_severe(self) -> None:
        assert found(debt(1, 20), debt(30, 50)) == (60, 10)
        assert found(debt(30, 50), debt(1, 20)) == (60, 10)

    def test_leaves_out_what_the_plan_does_nothing_at(self) -> None:
        assert found(debt(None, -2), grade=BEST) == (30, 32)
        assert found(debt(None, -2), grade=GOOD) == (1, 3)

    def test_is_none_where_the_plan_has_come_to_its_end(self) -> None:
        assert found(debt(90, 120)) is None
        assert found() is None

    def test_leaves_out_what_the_ledger_would_have_said_long_ago(self) -> None:
        """Its thresholds are a setting, and may be others than the plan's."""
        assert found(debt(1, 45)) == (60, 15)

    def test_of_today_may_still_come(self) -> None:
        assert found(debt(1, 30)) == (30, 0)

    def test_is_what_waits_on_the_day_of_its_review(self) -> None:
        assert found(debt(30, 33), waiting=waits(30, 4)) == (30, 4)

    def test_is_what_waits_although_one_as_severe_comes_before_it(self) -> None:
        """That one will wait with it: the review was put off for the customer, not for the item."""
        assert found(debt(1, 28), waiting=waits(30, 4)) == (30, 4)

    def test_is_the_more_severe_step_that_comes_before_the_review(self) -> None:
        assert found(debt(30, 58), waiting=waits(30, 4)) == (60, 2)
        assert found(debt(30, 55), waiting=waits(30, 4)) == (30, 4)

    def test_waits_for_a_review_that_is_late_today(self) -> None:
        assert found(debt(30, 33), waiting=waits(30, -1)) == (30, 0)

    def test_passes_over_what_waits_where_the_plan_does_nothing_at_it(self) -> None:
        assert found(debt(1, 1), waiting=waits(1, 0), grade=BEST) == (30, 29)

    def test_is_a_returned_payment_whatever_the_plan_does(self) -> None:
        assert found(debt(1, 1), waiting=waits(1, 0, is_returned=True), grade=BEST) == (1, 0)

    @given(
        grade=st.sampled_from(GRADES),
        debts=st.lists(
            st.builds(debt, st.sampled_from((None, -3, *STEPS_PAST_DUE)), st.integers(-40, 200)),
            max_size=6,
        ),
        waiting=st.none() | st.builds(waits, st.sampled_from(STEPS_PAST_DUE), st.integers(-3, 30)),
    )
    def test_is_never_in_the_past_always_acts_and_does_not_depend_on_the_order(
        self, grade: str, debts: list[Debt], waiting: WaitingStep | None
    ) -> None:
        one = next_step(today=TODAY, grade=grade, debts=debts, waiting=waiting)

        assert one == next_step(today=TODAY, grade=grade, debts=debts[::-1], waiting=waiting)
        if one is None:
            return
        assert one.on >= TODAY
        assert actions(grade, one.step)
        if waiting is not None and actions(grade, waiting.step):
            assert one.step >= waiting.step
            assert one.on <= max(waiting.review_on, TODAY)
        else:
            assert one in [
                NextStep(step=one.step, on=each.oldest_due_on + timedelta(days=one.step))
                for each in debts
                if one.step > (each.latest_step or 0)
            ]
