"""What becomes of promises, and of the reviews that waited for them."""

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


async def overdue(book: DunningBook, amount: str = "1000.00") -> None:
    """An item is a day past due, and nothing has been decided about it."""
    await book.open()
    await book.issue(1, DUE, amount)
    await book.until(local(FIRST, 0))
    await book.reach(1, 1)
    await book.dunning.settled()


class TestPromise:
    async def test_is_broken_when_the_day_after_begins(
        self, book: DunningBook, dunning: RunningDunning
    ) -> None:
        await overdue(book)
        await book.promise("P-1", "1000.00", after(5))
        await book.until(local(after(5), 12))
        await book.allocate(1, "600.00", after(5))
        await book.until(local(after(5), 23, 59))
        assert await book.promises() == [("P-1", "open", None)]

        await book.until(local(after(6), 0))

        assert await book.promises(status="broken") == [("P-1", "broken", "600.00")]
        (broken,) = await book.ledger("promise", "broken")
        assert (broken["day"], broken["received"]["amount"], broken["missing"]["amount"]) == (
            on(6),
            "600.00",
            "400.00",
        )
        (shown,) = await dunning.items("/v1/promises")
        assert (shown["broken_on"], shown["kept_on"], shown["version"]) == (on(6), None, 3)
        assert await book.promises(status="open") == []

    async def test_made_for_today_is_open_until_its_end(self, book: DunningBook) -> None:
        await overdue(book)
        await book.promise("P-1", "1000.00", FIRST)
        await book.until(local(FIRST, 23, 59))
        assert await book.promises() == [("P-1", "open", None)]

        await book.until(local(after(2), 0))
        assert await book.said_of_promises() == [(on(1), "made"), (on(2), "broken")]

    async def test_is_kept_by_a_bank_statement_that_is_entered_a_day_later(
        self, book: DunningBook
    ) -> None:
        await overdue(book)
        await book.promise("P-1", "1000.00", after(5))
        await book.until(local(after(6), 10))
        await book.allocate(1, "999.99", after(5))
        await book.allocate(2, "5.00", after(6))  # Too late.
        await book.until(local(after(6), 11))
        assert await book.promises() == [("P-1", "broken", "0.00")]

        await book.allocate(3, "0.01", after(5))
        await book.until(local(after(6), 12))

        assert await book.promises() == [("P-1", "kept", "1000.00")]
        assert await book.said_of_promises() == [
            (on(1), "made"),
            (on(6), "broken"),
            (on(6), "kept"),
        ]

    async def test_holds_what_came_for_it_in_time_though_it_is_broken(
        self, book: DunningBook
    ) -> None:
        """A cent counts for one promise: none of the broken one's for the next."""
        await overdue(book)
        await book.promise("P-1", "600.00", after(5))
        await book.promise("P-2", "400.00", after(9))
        await book.until(local(after(5), 12))
        await book.allocate(1, "500.00", after(5))
        await book.until(local(after(6), 12))
        assert await book.promises() == [("P-1", "broken", "500.00"), ("P-2", "open", None)]

        await book.allocate(2, "400.00", after(6))
        await book.until(local(after(7), 12))

        assert await book.promises() == [("P-1", "broken", "500.00"), ("P-2", "kept", "400.00")]

    async def test_that_was_entered_late_counts_what_came_in_between(
        self, book: DunningBook
    ) -> None:
        await overdue(book)
        await book.until(local(after(3), 12))
        await book.allocate(1, "1000.00", after(3))
        await book.until(local(after(5), 12))
        await book.promise("P-1", "1000.00", after(4), made_on=after(2))
        await book.until(local(after(5), 13))

        assert [row for row in await book.said_of_promises() if row[1] != "made"] == [
            (on(5), "kept")
        ]


class TestReview:
    """What waited for a promise is looked at on the morning after its day."""

    async def test_goes_on_when_the_promise_is_broken(self, book: DunningBook) -> None:
        await overdue(book)
        await book.promise("P-1", "1000.00", after(5))
        await book.until(local(after(6), 7, 59))
        assert await book.notices() == []

        await book.until(local(after(6), 8))
        assert await book.notices() == [(on(6), "reminder", 1)]

    async def test_goes_on_when_the_first_of_two_is_broken(self, book: DunningBook) -> None:
        """Seen: it waited for the last promise, though the others did not reach any more."""
        await overdue(book)
        await book.promise("P-1", "600.00", after(5))
        await book.promise("P-2", "400.00", after(9))
        await book.until(local(after(7), 0))

        assert await book.notices() == [(on(6), "reminder", 1)]

    async def test_waits_for_the_second_that_is_enough(self, book: DunningBook) -> None:
        await overdue(book)
        await book.promise("P-1", "600.00", after(5))
        await book.promise("P-2", "1000.00", after(9))
        await book.until(local(after(10), 7, 59))
        assert await book.notices() == []

        await book.until(local(after(10), 8))
        assert await book.notices() == [(on(10), "reminder", 1)]

    async def test_waits_for_no_more_than_may_still_come(self, book: DunningBook) -> None:
        """1,600 were owed and 1,000 promised, of which 600 have come: 400 cover no 1,000."""
        await overdue(book, "600.00")
        await book.issue(2, DUE, "1000.00")
        await book.reach(2, 1)
        await book.promise("P-1", "1000.00", after(9))
        await book.allocate(1, "600.00", FIRST)
        await book.pay(1)
        await book.until(local(FIRST, 9))

        assert await book.notices() == [(on(1), "reminder", 1)]

    async def test_of_a_returned_payment_is_not_held_up_by_the_promise_open_again(
        self, book: DunningBook
    ) -> None:
        await overdue(book)
        await book.promise("P-1", "1000.00", after(9))
        await book.until(local(after(4), 10))
        await book.allocate(1, "1000.00", after(4))
        await book.pay(1)
        await book.until(local(after(6), 10))
        await book.take_back(1)
        await book.bounce(1, 1)
        await book.until(local(after(6), 11))

        assert await book.promises() == [("P-1", "open", None)]
        assert await book.notices() == [(on(6), "payment_returned", 1)]
        assert await book.tasks() == [(on(6), "phone", "open")]

    async def test_of_what_else_is_overdue_waits_for_the_promise_open_again(
        self, book: DunningBook
    ) -> None:
        """The money had gone to an invoice that is not due: what was promised is still owed."""
        await overdue(book)
        await book.promise("P-1", "1000.00", after(9))
        await book.until(local(after(4), 10))
        await book.allocate(1, "1000.00", after(4))
        await book.until(local(after(6), 10))
        await book.take_back(1)
        await book.until(local(after(10), 7, 59))
        assert (await book.promises(), await book.notices()) == ([("P-1", "broken", "0.00")], [])

        await book.until(local(after(10), 8))
        assert await book.notices() == [(on(10), "reminder", 1)]

    async def test_of_a_payment_returned_after_the_day_acts_at_once(
        self, book: DunningBook
    ) -> None:
        await overdue(book)
        await book.promise("P-1", "1000.00", after(5))
        await book.until(local(after(4), 10))
        await book.allocate(1, "1000.00", after(4))
        await book.pay(1)
        await book.until(local(after(12), 10))
        await book.take_back(1)
        await book.bounce(1, 1)
        await book.until(local(after(12), 11))

        assert await book.promises() == [("P-1", "broken", "0.00")]
        assert await book.notices() == [(on(12), "payment_returned", 1)]


class TestOutage:
    """Seven weeks in which nobody works for dunning; ledger goes on."""

    @pytest.fixture
    async def away(self, book: DunningBook, dunning: RunningDunning) -> DunningBook:
        await overdue(book)
        await book.promise("P-1", "1000.00", after(5))
        await dunning.work(is_there=False)
        return book

    async def back(self, dunning: RunningDunning) -> None:
        """The timer is due before anything is read that was said meanwhile."""
        await dunning.http.post("/clock", json={"now": local(after(54), 9).isoformat()})
        await dunning.work(is_there=True)
        await dunning.settled()

    async def test_breaks_a_promise_on_the_day_it_is_done(
        self, away: DunningBook, dunning: RunningDunning
    ) -> None:
        await self.back(dunning)

        assert await away.said_of_promises() == [(on(1), "made"), (on(54), "broken")]

    async def test_never_breaks_one_whose_money_came_in_time(
        self, away: DunningBook, dunning: RunningDunning
    ) -> None:
        for payment in range(1, 51):
            await away.allocate(payment, "20.00", after(5))
        await self.back(dunning)

        assert await away.said_of_promises() == [(on(1), "made"), (on(54), "kept")]

    async def test_forgets_what_was_returned_meanwhile(
        self, away: DunningBook, dunning: RunningDunning
    ) -> None:
        await away.allocate(1, "1000.00", after(5))
        await away.take_back(1)
        await self.back(dunning)

        assert await away.said_of_promises() == [(on(1), "made"), (on(54), "broken")]


class TestReturnedPayment:
    async def test_opens_the_promise_it_had_kept_until_its_day_is_over(
        self, book: DunningBook
    ) -> None:
        await overdue(book)
        await book.promise("P-1", "1000.00", after(5))
        await book.until(local(after(3), 12))
        await book.allocate(1, "1000.00", after(3))
        await book.until(local(after(4), 12))
        await book.take_back(1)
        await book.until(local(after(5), 23, 59))
        assert await book.promises(status="open") == [("P-1", "open", None)]

        await book.until(local(after(6), 0))

        assert await book.said_of_promises() == [
            (on(1), "made"),
            (on(3), "kept"),
            (on(4), "reopened"),
            (on(6), "broken"),
        ]

    async def test_breaks_it_once_its_day_is_past(self, book: DunningBook) -> None:
        await overdue(book)
        await book.promise("P-1", "1000.00", after(5))
        await book.until(local(after(4), 12))
        await book.allocate(1, "400.00", after(4))
        await book.allocate(2, "600.00", after(4))
        await book.until(local(after(9), 12))
        await book.take_back(2)
        await book.until(local(after(9), 13))

        assert await book.promises() == [("P-1", "broken", "400.00")]
        assert (await book.said_of_promises())[-1] == (on(9), "broken")

    async def test_leaves_a_promise_that_other_money_reaches(self, book: DunningBook) -> None:
        await overdue(book)
        await book.promise("P-1", "1000.00", after(5))
        await book.until(local(after(4), 12))
        for payment in (1, 2):
            await book.allocate(payment, "1000.00", after(4))
        await book.until(local(after(9), 12))
        await book.take_back(1)
        await book.until(local(after(9), 13))

        assert await book.promises() == [("P-1", "kept", "1000.00")]

    async def test_of_a_promise_that_is_paid_again_keeps_it_again(self, book: DunningBook) -> None:
        await overdue(book)
        await book.promise("P-1", "1000.00", after(5))
        await book.allocate(1, "1000.00", FIRST)
        await book.take_back(1)
        await book.until(local(after(4), 12))
        await book.allocate(2, "1000.00", after(4))
        await book.until(local(after(9), 12))

        assert await book.promises() == [("P-1", "kept", "1000.00")]
