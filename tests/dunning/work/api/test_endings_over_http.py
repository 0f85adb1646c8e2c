"""How deeds end, and how they begin for a book that is taken over."""

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


class TestTasks:
    async def test_end_with_their_reason_when_nothing_is_owed(
        self, book: DunningBook, dunning: RunningDunning
    ) -> None:
        await book.open(grade="较差")
        for n in (1, 2):
            await book.issue(n, DUE)
        await book.until(local(FIRST, 0))
        for n in (1, 2):
            await book.reach(n, 1)
        await book.until(local(FIRST, 9))
        await book.pay(1)
        await book.until(local(FIRST, 10))
        assert await book.tasks() == [(on(1), "phone", "open")]

        await book.until(local(after(3), 10))
        await book.pay(2)
        await book.until(local(after(3), 11))

        assert await book.tasks() == [(on(1), "phone", "withdrawn")]
        (withdrawn,) = await book.ledger("task", "withdrawn")
        assert (withdrawn["reason"], withdrawn["day"]) == ("nothing_owed", on(3))
        assert await dunning.items("/v1/work-list") == []

    async def test_that_a_person_has_done_stay_done(
        self, book: DunningBook, dunning: RunningDunning
    ) -> None:
        await book.open(grade="较差")
        await book.issue(1, DUE)
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await book.until(local(FIRST, 9))
        (task,) = await dunning.items("/v1/tasks")
        await dunning.post(f"/v1/tasks/{task['id']}:complete", {"outcome": "reached"}, "t-1")
        await book.pay(1)
        await book.until(local(FIRST, 10))

        assert await book.tasks() == [(on(1), "phone", "completed")]

    async def test_of_one_currency_stay_while_the_other_is_paid(self, book: DunningBook) -> None:
        await book.open(grade="较差")
        await book.issue(1, DUE)
        await book.issue(2, DUE, "700.00", "USD")
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await book.reach(2, 1)
        await book.until(local(FIRST, 9))
        await book.pay(2)
        await book.until(local(FIRST, 10))

        assert sorted(task[2] for task in await book.tasks()) == ["open", "withdrawn"]


class TestTakeOver:
    async def test_gives_one_case_an_alert_each_and_no_notice(
        self, book: DunningBook, dunning: RunningDunning
    ) -> None:
        """Items 5, 40 and 100 days past due; the next step of each comes on its day."""
        taken_over = after(100)
        await book.open(take_over_on=taken_over)
        await book.until(local(taken_over, 10))
        for n, days in ((1, 5), (2, 40), (3, 100)):
            await book.enter(n, taken_over - days * DAY)
        await book.until(local(taken_over, 12))

        (case,) = await dunning.items("/v1/cases")
        assert (case["status"], len(case["items"]), case["opened_on"]) == ("open", 3, on(100))
        assert sorted(await book.alerts()) == [
            (on(100), "raised", 1, "I-1"),
            (on(100), "raised", 30, "I-2"),
            (on(100), "raised", 90, "I-3"),
        ]
        assert (await book.notices(), await book.tasks()) == ([], [])

        await book.until(local(taken_over + 20 * DAY, 0))
        await book.reach(2, 60)
        await book.until(local(taken_over + 25 * DAY, 0))
        await book.reach(1, 30)
        await book.until(local(taken_over + 30 * DAY, 0))

        assert await book.notices() == [
            (on(120), "final_notice", 3),
            (on(127), "dunning_letter", 3),
        ]
        assert [alert[2:] for alert in (await book.alerts())[3:]] == [(60, "I-2"), (30, "I-1")]

    async def test_that_is_still_ahead_does_nothing_until_its_morning(
        self, book: DunningBook
    ) -> None:
        await book.open(take_over_on=after(10))
        await book.issue(1, DUE)
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await book.until(local(after(10), 7))
        assert (await book.alerts(), await book.notices()) == ([], [])

        await book.until(local(after(10), 8))
        assert await book.alerts() == [(on(10), "raised", 1, "I-1")]
        assert await book.notices() == []

    async def test_forgets_what_was_paid_before_it(
        self, book: DunningBook, dunning: RunningDunning
    ) -> None:
        await book.open(take_over_on=after(10))
        await book.issue(1, DUE)
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await book.until(local(after(5), 0))
        await book.pay(1)
        await book.until(local(after(11), 0))

        assert (await book.alerts(), await dunning.items("/v1/cases")) == ([], [])

    async def test_raises_one_alert_for_an_item_that_comes_further_on_the_day(
        self, book: DunningBook
    ) -> None:
        await book.open(take_over_on=after(30))
        await book.issue(1, DUE)
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await book.until(local(after(30), 0))
        await book.reach(1, 30)
        await book.until(local(after(31), 0))

        assert await book.alerts() == [(on(30), "raised", 30, "I-1")]
        assert await book.notices() == [(on(30), "dunning_letter", 1)]
