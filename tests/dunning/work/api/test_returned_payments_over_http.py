"""What a payment that bounced does to its customer."""

from __future__ import annotations

from datetime import date

import pytest

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


class TestReturnedPayment:
    async def test_is_told_on_that_day_with_a_call(self, book: DunningBook) -> None:
        """Seen: nothing at all, until a final notice that speaks of repeated reminders."""
        await book.open()
        await book.issue(1, DUE)
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await book.until(local(after(2), 10))
        await book.pay(1)
        await book.until(local(after(20), 10))
        await book.bounce(1, 1)
        await book.until(local(after(30), 0))
        await book.reach(1, 30)
        await book.until(local(after(31), 0))

        assert await book.notices() == [
            (on(1), "reminder", 1),
            (on(20), "payment_returned", 1),
            (on(30), "dunning_letter", 1),
        ]
        assert (on(20), "phone", "open") in await book.tasks()
        assert [alert[:3] for alert in await book.alerts()] == [
            (on(1), "raised", 1),
            (on(2), "recovered", 1),
            (on(20), "raised", 1),
            (on(30), "raised", 30),
        ]

    async def test_is_told_the_day_after_when_something_left_that_day(
        self, book: DunningBook
    ) -> None:
        await book.open()
        await book.issue(1, DUE)
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await book.until(local(FIRST, 10))
        await book.pay(1)
        await book.until(local(FIRST, 11))
        await book.bounce(1, 1)
        await book.until(local(after(3), 0))

        assert await book.notices() == [(on(1), "reminder", 1), (on(2), "payment_returned", 1)]

    async def test_tells_of_a_step_reached_while_the_customer_was_under_review(
        self, book: DunningBook
    ) -> None:
        """Paid and returned within the quarter of an hour: it is told, not lost."""
        await book.open()
        await book.until(local(FIRST, 10))
        await book.enter(1, DUE)
        await book.pay(1)
        await book.bounce(1, 1)
        await book.until(local(FIRST, 12))

        assert await book.notices() == [(FIRST.isoformat(), "payment_returned", 1)]
