"""The rules of what is done to a customer, one by one, and the laws that hold for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dunning.accounts.domain.listed_item import ListedItem
from services.dunning.strategies.domain.dunning_plan import AskSomebody, SendNotice
from services.dunning.strategies.domain.review import (
    LastNotice,
    OwedItem,
    PassedStep,
    ReachedStep,
    ReviewFacts,
    Unallocated,
    Why,
    listed,
    review,
)
from shared.kernel.money import Money, total

TODAY: Final = date(2026, 6, 15)
REMINDER: Final = SendNotice("email", "reminder")
LETTER: Final = SendNotice("letter", "dunning_letter")
PHONE: Final = AskSomebody("phone")
STEPS: Final = (-3, 1, 30, 60, 90)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def yuan(minor: int) -> Money:
    return Money(minor, "CNY")


def item(n: int, days_past_due: int, minor: int = 100_000) -> OwedItem:
    """As the ledger shows it so many days after its due date."""
    return OwedItem(
        item=ListedItem(
            open_item_id=UUID(int=n),
            invoice_number=f"I-{n}",
            installment=1,
            due_on=ago(days_past_due),
            open_amount=yuan(minor),
        ),
        latest_step=max((step for step in STEPS if step <= days_past_due), default=None),
    )


def reached(n: int, step: int, *, is_returned: bool = False) -> ReachedStep:
    return ReachedStep(
        crossing_id=crossing(n, step),
        open_item_id=UUID(int=n),
        step=step,
        reached_on=TODAY,
        is_returned=is_returned,
    )


def crossing(n: int, step: int) -> UUID:
    return UUID(int=n * 1000 + step + 3)


def passed(n: int, step: int, reason: Why) -> PassedStep:
    return PassedStep(
        crossing_id=crossing(n, step), open_item_id=UUID(int=n), step=step, reason=reason
    )


FACTS: Final = ReviewFacts(
    today=TODAY,
    grade="一般",
    reached=[reached(1, 1)],
    items=[item(1, 1)],
    unallocated=yuan(0),
    promised=yuan(0),
    promised_until=None,
    minimum=yuan(100),
    last_notice=None,
)


class TestReview:
    def test_does_what_the_plan_says(self) -> None:
        done = review(FACTS)

        assert (done.step, list(done.notices), list(done.tasks)) == (1, [REMINDER], [])
        assert done.demanded == yuan(100_000)
        assert done.passed == []

    def test_lists_every_overdue_item_of_the_customer(self) -> None:
        """Seen: of 20 invoices entered in a row two were listed."""
        items = [item(n, 1) for n in range(1, 21)] + [item(21, 40), item(22, 0), item(23, -2)]
        done = review(replace(FACTS, items=items))

        assert [each.invoice_number for each in done.items] == [
            "I-21",
            *sorted(f"I-{n}" for n in range(1, 21)),
        ]

    def test_does_nothing_where_nothing_waits(self) -> None:
        assert review(replace(FACTS, reached=[])).step is None

    def test_passes_over_what_is_settled_by_then(self) -> None:
        done = review(replace(FACTS, items=[]))

        assert (done.step, done.passed) == (None, [passed(1, 1, Why.SETTLED)])

    def test_does_only_the_most_severe_of_steps_that_come_together(self) -> None:
        """Seen: an invoice entered 100 days after its due date gave three letters in one second."""
        steps = [reached(1, step) for step in (1, 30, 60, 90)]
        done = review(replace(FACTS, items=[item(1, 100)], reached=steps))

        assert (done.step, list(done.notices)) == (90, [])
        assert [task.kind for task in done.tasks] == ["legal_decision"]
        assert done.passed == [passed(1, step, Why.MORE_SEVERE) for step in (1, 30, 60)]

    def test_does_only_the_most_severe_step_of_several_items(self) -> None:
        facts = replace(
            FACTS, items=[item(1, 1), item(2, 30)], reached=[reached(1, 1), reached(2, 30)]
        )
        done = review(facts)

        assert (done.step, list(done.notices), list(done.tasks)) == (30, [LETTER], [PHONE])
        assert [each.open_item_id.int for each in done.items] == [2, 1]
        assert done.passed == [passed(1, 1, Why.MORE_SEVERE)]


class TestBeforeTheDueDate:
    FACTS = replace(FACTS, reached=[reached(1, -3)], items=[item(1, -3), item(2, -1), item(3, -9)])

    def test_lists_what_is_due_soon(self) -> None:
        done = review(self.FACTS)

        assert [notice.template for notice in done.notices] == ["pre_due"]
        assert [each.open_item_id.int for each in done.items] == [2, 1]

    @pytest.mark.parametrize("days", [0, 1, 49])
    def test_never_leaves_on_the_due_date_or_after_it(self, days: int) -> None:
        """Seen after an outage of seven weeks, with two more notices."""
        done = review(replace(self.FACTS, items=[item(1, days)]))

        assert (done.step, done.passed) == (None, [passed(1, -3, Why.TOO_LATE)])

    def test_gives_way_to_what_is_overdue(self) -> None:
        both = [reached(1, -3), reached(4, 1)]
        done = review(replace(self.FACTS, reached=both, items=[item(1, -3), item(4, 1)]))

        assert (done.step, done.passed) == (1, [passed(1, -3, Why.MORE_SEVERE)])


class TestInterval:
    """Seen: seven due dates, 14 mails in 11 days."""

    @pytest.mark.parametrize(("days", "waits_until"), [(1, ago(-6)), (6, ago(-1)), (7, None)])
    def test_keeps_seven_days_between_two_notices(
        self, days: int, waits_until: date | None
    ) -> None:
        done = review(replace(FACTS, last_notice=LastNotice(on=ago(days), step=1)))

        assert (done.step, done.waits_until) == ((1, None) if days >= 7 else (None, waits_until))

    def test_is_kept_by_a_less_severe_step_too(self) -> None:
        done = review(replace(FACTS, last_notice=LastNotice(on=ago(2), step=30)))

        assert (done.step, done.waits_until) == (None, ago(-5))

    def test_is_not_kept_by_a_more_severe_step(self) -> None:
        facts = replace(FACTS, reached=[reached(1, 30)], items=[item(1, 30)])
        done = review(replace(facts, last_notice=LastNotice(on=ago(1), step=1)))

        assert done.step == 30

    def test_is_a_day_even_then(self) -> None:
        facts = replace(FACTS, reached=[reached(1, 30)], items=[item(1, 30)])
        done = review(replace(facts, last_notice=LastNotice(on=TODAY, step=1)))

        assert (done.step, done.waits_until) == (None, ago(-1))

    def test_holds_no_task_back(self) -> None:
        facts = replace(FACTS, grade="优质", reached=[reached(1, 30)], items=[item(1, 30)])
        done = review(replace(facts, last_notice=LastNotice(on=TODAY, step=30)))

        assert (done.step, list(done.tasks)) == (30, [PHONE])


class TestMoney:
    def test_on_account_is_deducted(self) -> None:
        done = review(replace(FACTS, unallocated=yuan(40_000)))

        assert (done.step, done.demanded) == (1, yuan(60_000))

    @pytest.mark.parametrize("minor", [100_000, 100_001, 99_950])
    def test_on_account_that_covers_it_is_a_task_and_no_notice(self, minor: int) -> None:
        """Seen: 1,000 owed with 1,000 on account was dunned through all steps."""
        done = review(replace(FACTS, unallocated=yuan(minor)))

        assert (done.step, list(done.notices)) == (None, [])
        assert list(done.tasks) == [AskSomebody("allocate_money")]
        assert done.passed == [passed(1, 1, Why.MONEY_ON_ACCOUNT)]

    @pytest.mark.parametrize(
        ("how", "step", "demanded"), [("block", None, None), ("show", 1, yuan(100_000))]
    )
    def test_on_account_may_block_or_be_shown(
        self, how: Unallocated, step: int | None, demanded: Money | None
    ) -> None:
        done = review(replace(FACTS, unallocated=yuan(1), money_on_account=how))

        assert (done.step, done.demanded) == (step, demanded)

    @pytest.mark.parametrize("minor", [1, 99])
    def test_below_the_minimum_is_not_asked_for(self, minor: int) -> None:
        """Seen: a notice for 0.01."""
        done = review(replace(FACTS, items=[item(1, 1, minor)]))

        assert (done.step, done.passed) == (None, [passed(1, 1, Why.UNDER_MINIMUM)])
        assert list(done.tasks) == []

    def test_at_the_minimum_is(self) -> None:
        assert review(replace(FACTS, items=[item(1, 1, 100)])).step == 1

    def test_promised_in_full_waits_for_the_day_after(self) -> None:
        facts = replace(FACTS, promised=yuan(100_000), promised_until=ago(-4))

        assert review(facts).waits_until == ago(-5)
        assert review(facts).step is None

    def test_promised_in_part_is_asked_for(self) -> None:
        facts = replace(FACTS, promised=yuan(99_999), promised_until=ago(-4))

        assert review(facts).step == 1


class TestReturnedPayment:
    FACTS = replace(
        FACTS, reached=[reached(1, 30, is_returned=True)], items=[item(1, 45)], grade="优质"
    )

    def test_is_told_and_asked_about_the_same_day(self) -> None:
        """Seen: nothing at all, until a final notice that speaks of repeated reminders."""
        done = review(replace(self.FACTS, last_notice=LastNotice(on=ago(1), step=60)))

        assert [notice.template for notice in done.notices] == ["payment_returned"]
        assert list(done.tasks) == [PHONE]

    def test_is_told_though_the_rest_is_promised(self) -> None:
        """The promise it had kept is open again; the customer may not know why."""
        promised = replace(self.FACTS, promised=yuan(100_000), promised_until=ago(-4))
        done = review(promised)

        assert [notice.template for notice in done.notices] == ["payment_returned"]
        assert (list(done.tasks), done.waits_until) == ([PHONE], None)

    def test_is_told_instead_of_what_came_together_with_it(self) -> None:
        facts = replace(self.FACTS, grade="一般", items=[item(1, 45), item(2, 90)])
        done = review(replace(facts, reached=[*facts.reached, reached(2, 90)]))

        assert [notice.template for notice in done.notices] == ["payment_returned"]
        assert [task.kind for task in done.tasks] == ["legal_decision", "phone"]

    def test_is_told_only_while_nothing_is_overdue(self) -> None:
        """Seen: a call was asked for and taken back in the same second."""
        again = [reached(1, -3, is_returned=True)]
        done = review(replace(self.FACTS, items=[item(1, -2)], reached=again))

        assert [notice.template for notice in done.notices] == ["payment_returned"]
        assert list(done.tasks) == []

    def test_repeats_no_task_of_the_plan(self) -> None:
        again = [reached(1, 90, is_returned=True)]
        done = review(replace(self.FACTS, grade="一般", items=[item(1, 100)], reached=again))

        assert list(done.tasks) == [PHONE]


@st.composite
def books(draw: st.DrawFn) -> ReviewFacts:
    ages = draw(st.lists(st.integers(-10, 120), min_size=1, max_size=6))
    items = [item(n, age, draw(st.integers(1, 500))) for n, age in enumerate(ages)]
    known = st.sampled_from(range(len(ages) + 1))  # The last is of an item that is paid.
    step = st.tuples(known, st.sampled_from(STEPS), st.booleans())
    steps = draw(st.lists(step, max_size=6, unique_by=lambda one: one[:2]))
    last = draw(st.none() | st.tuples(st.integers(0, 10), st.sampled_from(STEPS)))
    promised = draw(st.integers(0, 500))
    return ReviewFacts(
        today=TODAY,
        grade=draw(st.sampled_from(["优质", "良好", "一般", "较差", "未评级"])),
        reached=[reached(n, step, is_returned=back) for n, step, back in steps],
        items=items,
        unallocated=yuan(draw(st.integers(0, 500))),
        promised=yuan(promised),
        promised_until=ago(-draw(st.integers(0, 9))) if promised else None,
        minimum=yuan(draw(st.integers(0, 200))),
        last_notice=None if last is None else LastNotice(on=ago(last[0]), step=last[1]),
        money_on_account=draw(st.sampled_from(["net", "block", "show"])),
    )


class TestLaws:
    @given(books())
    def test_every_reached_step_acts_waits_or_is_passed_over(self, facts: ReviewFacts) -> None:
        done = review(facts)
        left = [
            one
            for one in facts.reached
            if (one.open_item_id, one.step) not in {(p.open_item_id, p.step) for p in done.passed}
        ]

        assert {one.step for one in left} <= ({done.step} if done.step is not None else set(STEPS))
        assert bool(left) == (done.step is not None or done.waits_until is not None)
        assert done.waits_until is None or (done.step is None and done.waits_until > TODAY)

    @given(books())
    def test_nothing_is_demanded_that_is_not_owed(self, facts: ReviewFacts) -> None:
        done = review(facts)
        overdue: Sequence[ListedItem] = listed(facts.items, done.step or 1, TODAY)
        owed = total((each.open_amount for each in overdue), "CNY")

        if done.demanded is not None:
            assert facts.minimum <= done.demanded <= owed
            assert done.demanded.minor > 0
            assert list(done.items) == list(overdue)
        else:
            assert list(done.notices) == []

    @given(books())
    def test_nobody_is_written_to_twice_on_a_day(self, facts: ReviewFacts) -> None:
        today = LastNotice(on=TODAY, step=-3)

        assert list(review(replace(facts, last_notice=today)).notices) == []

    @given(books())
    def test_the_order_of_the_facts_changes_nothing(self, facts: ReviewFacts) -> None:
        turned = replace(facts, reached=facts.reached[::-1], items=facts.items[::-1])
        one, other = review(facts), review(turned)

        assert replace(one, passed=(), acted=()) == replace(other, passed=(), acted=())
        assert set(one.passed) == set(other.passed)
        assert set(one.acted) == set(other.acted)
        assert sorted(one.passed, key=str) == sorted(other.passed, key=str)
