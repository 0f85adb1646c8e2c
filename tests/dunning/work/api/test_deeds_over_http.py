"""What people saw other systems, and this one, do to customers: each with the input given there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.dunning.strategies.domain.review import Why
from tests.support.dunning_book import DAY, DunningBook, local
from tests.support.dunning_running import RunningDunning

pytestmark = pytest.mark.connected

DUE = date(2026, 3, 2)  # Its first day past due is a Tuesday.
FIRST = DUE + DAY


@pytest.fixture
def book(dunning: RunningDunning) -> DunningBook:
    return DunningBook(dunning)


def after(days: int) -> date:
    return DUE + days * DAY


def on(days: int) -> str:
    return after(days).isoformat()


class TestDates:
    async def test_an_invoice_entered_late_gives_one_letter_of_today(
        self, book: DunningBook
    ) -> None:
        """Seen: due 100 days ago, three letters in one second, dated 99, 70 and 40 days back."""
        await book.open(grade="优质")
        await book.until(local(after(100), 10))
        await book.enter(1, DUE)
        await book.until(local(after(101), 9))

        assert await book.notices() == [(on(100), "final_notice", 1)]
        assert await book.alerts() == [(on(100), "raised", 90, "I-1")]
        (taken,) = await book.ledger("case", "step_taken")
        assert (taken["day"], taken["taken_on"], taken["step"]) == (on(100), on(100), 90)
        passed = await book.ledger("case", "step_passed_over")
        assert [(e["day"], e["reason"]) for e in passed] == [(on(100), Why.MORE_SEVERE)] * 3
        steps = [step["step"] for entry in passed for step in entry["steps"]]
        assert sorted(steps) == [1, 30, 60]

    async def test_no_entry_of_the_collection_ledger_is_of_a_day_before_it_was_done(
        self, book: DunningBook, dunning: RunningDunning
    ) -> None:
        await book.open()
        await book.until(local(after(45), 10))
        await book.enter(1, DUE)
        await book.until(local(after(45), 12))
        await book.pay(1)
        await book.until(local(after(95), 12))

        days = {entry["day"] for entry in await dunning.items("/v1/collection-ledger")}
        assert days == {on(45)}

    @pytest.mark.parametrize("paid_on", [after(3), DUE, after(-30)])
    async def test_nothing_ends_before_it_began(
        self, book: DunningBook, dunning: RunningDunning, paid_on: date
    ) -> None:
        """Seen: a case closed 27 days before it was opened, after a payment that was dated back."""
        await book.open(grade="较差")
        await book.until(local(after(30), 10))
        await book.enter(1, DUE)
        await book.until(local(after(31), 12))
        await book.pay(1, on=paid_on)
        await book.until(local(after(31), 13))

        (case,) = await dunning.items("/v1/cases")
        assert (case["opened_on"], case["closed_on"]) == (on(30), on(31))
        assert await book.alerts() == [
            (on(30), "raised", 30, "I-1"),
            (on(31), "recovered", 30, "I-1"),
        ]
        (task,) = await dunning.items("/v1/tasks")
        assert (task["opened_on"], task["ended_on"]) == (on(30), on(31))

    async def test_nobody_is_written_to_at_night(self, book: DunningBook) -> None:
        await book.open()
        await book.until(local(FIRST, 0))
        await book.issue(1, DUE)
        await book.reach(1, 1)
        await book.until(local(FIRST, 7, 59))
        assert await book.notices() == []

        await book.until(local(FIRST, 8))
        assert await book.notices() == [(FIRST.isoformat(), "reminder", 1)]


class TestTogether:
    async def test_will_be_due_soon_never_leaves_after_the_due_date(
        self, book: DunningBook
    ) -> None:
        """Seen after an outage of seven weeks, with two more notices."""
        await book.open()
        await book.issue(1, DUE)
        await book.until(local(after(49), 10))
        await book.reach(1, -3, latest=-3)
        await book.reach(1, 1, latest=1)
        await book.reach(1, 30, latest=30)
        await book.until(local(after(50), 9))

        assert await book.notices() == [(on(49), "dunning_letter", 1)]
        assert [alert[2] for alert in await book.alerts()] == [30]

    async def test_nor_on_the_due_date_itself(self, book: DunningBook) -> None:
        await book.open()
        await book.issue(1, DUE)
        await book.until(local(DUE, 10))
        await book.reach(1, -3)
        await book.until(local(DUE, 20))

        assert await book.notices() == []
        (passed,) = await book.ledger("case", "step_passed_over")
        assert (passed["reason"], passed["day"]) == (Why.TOO_LATE, DUE.isoformat())

    async def test_only_the_most_severe_of_a_customers_items_acts(self, book: DunningBook) -> None:
        """Ages 5 and 65 entered together: one final notice, that lists both."""
        await book.open()
        await book.until(local(after(65), 10))
        await book.enter(1, DUE)
        await book.enter(2, after(60))
        await book.until(local(after(66), 9))

        assert await book.notices() == [(on(65), "final_notice", 2)]


class TestOneNotice:
    async def test_lists_all_that_were_entered_in_a_row(self, book: DunningBook) -> None:
        """Seen: 20 of one due date entered in a row, two listed."""
        await book.open()
        await book.until(local(FIRST, 10))
        for n in range(1, 21):
            await book.enter(n, DUE)
            await book.until(await book.now() + timedelta(seconds=2))
        await book.until(local(FIRST, 11))

        assert await book.notices() == [(FIRST.isoformat(), "reminder", 20)]

    @pytest.mark.parametrize(
        ("later", "listed"),
        [
            (timedelta(seconds=2), [(on(1), 2)]),
            (timedelta(minutes=14), [(on(1), 2)]),
            (timedelta(hours=3), [(on(1), 1), (on(8), 2)]),
        ],
    )
    async def test_lists_the_second_of_a_due_date_too(
        self, book: DunningBook, later: timedelta, listed: list[tuple[str, int]]
    ) -> None:
        """Seen: a second one, entered two seconds after the first, was never on any notice."""
        await book.open()
        await book.until(local(FIRST, 10))
        await book.enter(1, DUE)
        await book.until(local(FIRST, 10) + later)
        await book.enter(2, DUE)
        await book.until(local(after(9), 9))

        assert [(day, lines) for day, _, lines in await book.notices()] == listed

    async def test_is_about_one_currency(self, book: DunningBook, dunning: RunningDunning) -> None:
        """Seen: two currencies of one due date ended in an error, and nothing went on."""
        await book.open()
        await book.until(local(FIRST, 10))
        await book.enter(1, DUE)
        await book.enter(2, DUE, "700.00", "USD")
        await book.until(local(FIRST, 11))

        notices = await dunning.items("/v1/notices")
        assert sorted(n["currency"] for n in notices) == ["CNY", "USD"]
        assert sorted(n["demanded"]["amount"] for n in notices) == ["1000.00", "700.00"]
        assert len(await dunning.items("/v1/cases", status="open")) == 2

    async def test_leaves_three_times_for_seven_due_dates(self, book: DunningBook) -> None:
        """Seen: 14 mails in 11 days, one before and one after each due date."""
        await book.open()
        for n in range(7):
            await book.issue(n, DUE + n * DAY)
        for days in range(-3, 8):
            await book.until(local(after(days), 0))
            for n, step in ((days + 3, -3), (days - 1, 1)):
                if 0 <= n < 7:
                    await book.reach(n, step)
        await book.until(local(after(12), 12))

        assert await book.notices() == [
            (on(-3), "pre_due", 1),
            (on(1), "reminder", 1),
            (on(8), "reminder", 7),
        ]

    async def test_leaves_once_in_seven_days(self, book: DunningBook) -> None:
        await book.open()
        for n in range(7):
            await book.issue(n, DUE + n * DAY)
        for n in range(7):
            await book.until(local(FIRST + n * DAY, 0))
            await book.reach(n, 1)
        await book.until(local(after(12), 12))

        assert await book.notices() == [(on(1), "reminder", 1), (on(8), "reminder", 7)]

    async def test_leaves_sooner_when_it_is_more_severe(self, book: DunningBook) -> None:
        await book.open()
        await book.issue(1, DUE)
        await book.issue(2, after(26))
        await book.until(local(after(27), 0))
        await book.reach(2, 1)
        await book.until(local(after(30), 0))
        await book.reach(1, 30)
        await book.until(local(after(40), 12))

        assert await book.notices() == [(on(27), "reminder", 1), (on(30), "dunning_letter", 2)]


class TestMoneyNotOwed:
    async def test_is_not_demanded_and_asks_to_allocate_what_was_paid(
        self, book: DunningBook
    ) -> None:
        """Seen: 1,000 owed with 1,000 on account was dunned through all steps."""
        await book.open()
        await book.issue(1, DUE)
        await book.receive(1, "1000.00")
        for step in (1, 30, 60, 90):
            await book.until(local(after(step), 0))
            await book.reach(1, step)
        await book.until(local(after(91), 0))

        assert await book.notices() == []
        days = [(on(step), "allocate_money", "open") for step in (1, 30, 60, 90)]
        assert await book.tasks() == days
        passed = await book.ledger("case", "step_passed_over")
        assert [entry["reason"] for entry in passed] == [Why.MONEY_ON_ACCOUNT] * 4

    async def test_is_netted_from_what_is(self, book: DunningBook, dunning: RunningDunning) -> None:
        await book.open()
        await book.issue(1, DUE)
        await book.receive(1, "400.00")
        await book.receive(2, "9999.00", "USD")
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await book.until(local(FIRST, 9))

        (notice,) = await dunning.items("/v1/notices")
        assert notice["open_amount"]["amount"] == "1000.00"
        assert notice["demanded"] == {"amount": "600.00", "currency": "CNY"}

    async def test_is_no_notice_for_a_cent(self, book: DunningBook) -> None:
        """Seen: a notice for 0.01."""
        await book.open()
        await book.issue(1, DUE, "0.01")
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await book.until(local(FIRST, 9))

        assert (await book.notices(), await book.tasks()) == ([], [])
        (passed,) = await book.ledger("case", "step_passed_over")
        assert passed["reason"] == Why.UNDER_MINIMUM

    async def test_is_nothing_that_was_paid_before_the_review(self, book: DunningBook) -> None:
        await book.open()
        await book.issue(1, DUE)
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await book.until(local(FIRST, 7))
        await book.pay(1)
        await book.until(local(FIRST, 9))

        assert await book.notices() == []
        (passed,) = await book.ledger("case", "step_passed_over")
        assert passed["reason"] == Why.SETTLED
