"""The work list: a customer once in a currency, with all one wants to know before one calls."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.dunning.work.domain.case.decide import case_stream
from tests.support.dunning import ACCOUNT, BOOK, COLLECTOR
from tests.support.dunning_bodies import CONTACT, NOW, PROMISE, overdue
from tests.support.dunning_book import DAY, DunningBook, item_id, local
from tests.support.dunning_running import Json, RunningDunning

pytestmark = pytest.mark.connected

DUE = date(2026, 3, 2)
FIRST = DUE + DAY


@pytest.fixture
def book(dunning: RunningDunning) -> DunningBook:
    return DunningBook(dunning)


def after(days: int) -> date:
    return DUE + days * DAY


def on(days: int) -> str:
    return after(days).isoformat()


def money(amount: str, currency: str = "CNY") -> Json:
    return {"amount": amount, "currency": currency}


def case_id(currency: str = "CNY") -> str:
    return str(case_stream(BOOK, account_id=ACCOUNT, currency=currency).id)


async def work(dunning: RunningDunning, **query: Any) -> list[Json]:
    return list(await dunning.items("/v1/work-list", **query))


async def promise(dunning: RunningDunning, number: str, day: int) -> Json:
    body = {**PROMISE, "number": number, "promised_on": on(day)}
    made = await dunning.post("/v1/promises", body, number)
    assert made.status_code == 201, made.text
    found: Json = made.json()
    return found


class TestWorkList:
    async def test_shows_a_customer_once_with_all_that_is_known(
        self, dunning: RunningDunning
    ) -> None:
        await overdue(dunning)
        contact = (await dunning.post("/v1/contacts", CONTACT, "c-1")).json()
        promised = await promise(dunning, "p-1", 9)
        await dunning.settled()
        (case,) = await dunning.items("/v1/cases")
        (task,) = await dunning.items("/v1/tasks")

        assert await work(dunning) == [
            {
                "id": case_id(),
                "account": {"id": str(ACCOUNT), "legal_entity": "CN01", "number": "C-1001"},
                "collector_id": str(COLLECTOR),
                "grade": "较差",
                "open_amount": money("3550.50"),
                "overdue_amount": money("3550.50"),
                "oldest_item": {
                    name: case["items"][0][name]
                    for name in (
                        "open_item_id",
                        "invoice_number",
                        "installment",
                        "due_on",
                        "open_amount",
                    )
                },
                "case": {"version": case["version"], "opened_on": on(1)},
                "next_step": {"step": 30, "on": on(30)},
                "tasks": [
                    {
                        "id": task["id"],
                        "version": 1,
                        "kind": "phone",
                        "step": 1,
                        "opened_on": on(1),
                    }
                ],
                "task_count": 1,
                "last_contact": {
                    "id": contact["id"],
                    "contacted_at": NOW.isoformat().replace("+00:00", "Z"),
                    "contacted_on": on(2),
                    "channel": "phone",
                    "outcome": "promised",
                },
                "open_promise": {
                    "id": promised["id"],
                    "number": "p-1",
                    "amount": money("2350.00"),
                    "promised_on": on(9),
                },
                "open_promise_count": 1,
            }
        ]
        assert case["id"] == case_id()

    async def test_shows_two_currencies_apart(
        self, book: DunningBook, dunning: RunningDunning
    ) -> None:
        """Planted: amounts that nobody may add."""
        await book.open(grade="较差")
        await book.issue(1, DUE)
        await book.issue(2, DUE, "700.00", "USD")
        await book.issue(3, after(40), "50.00", "USD")
        await book.issue(4, after(50), "5000", "JPY")
        await book.until(local(FIRST, 0))
        for n in (1, 2):
            await book.reach(n, 1)
        await book.until(local(FIRST, 9))
        await dunning.post("/v1/contacts", {**CONTACT, "open_item_ids": [str(item_id(2))]}, "c-1")
        await promise(dunning, "p-1", 9)
        await dunning.settled()
        yuan, dollars = await work(dunning, limit=1)

        assert (yuan["open_amount"], yuan["overdue_amount"]) == (money("1000.00"),) * 2
        assert dollars["open_amount"] == money("750.00", "USD")
        assert dollars["overdue_amount"] == money("700.00", "USD")
        assert [len(each["tasks"]) for each in (yuan, dollars)] == [1, 1]
        assert (yuan["id"], dollars["id"]) == (case_id(), case_id("USD"))
        assert [each["oldest_item"]["invoice_number"] for each in (yuan, dollars)] == ["I-1", "I-2"]
        assert yuan["last_contact"] == dollars["last_contact"]
        assert [each["open_promise_count"] for each in (yuan, dollars)] == [1, 0]
        assert dollars["open_promise"] is None
        assert await work(dunning, currency="USD") == [dollars]
        assert await work(dunning, currency="JPY") == []

    async def test_leaves_out_who_has_paid_and_what_was_paid(
        self, book: DunningBook, dunning: RunningDunning
    ) -> None:
        await book.open(grade="较差")
        for n, days in ((1, 0), (2, 3)):
            await book.issue(n, after(days))
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await book.until(local(after(4), 0))
        await book.reach(2, 1)
        await book.until(local(after(5), 0))
        (both,) = await work(dunning)
        await book.pay(1)
        await dunning.settled()
        (one,) = await work(dunning)
        await book.pay(2)
        await dunning.settled()

        assert (both["oldest_item"]["invoice_number"], both["task_count"]) == ("I-1", 1)
        assert one["oldest_item"]["invoice_number"] == "I-2"
        assert one["overdue_amount"] == money("1000.00")
        assert (one["tasks"], one["task_count"]) == ([], 0)  # It was about the first.
        assert await work(dunning) == []

    async def test_shows_the_promise_due_first_and_counts_them(
        self, dunning: RunningDunning
    ) -> None:
        await overdue(dunning)
        for number, day in (("p-1", 9), ("p-2", 5), ("p-3", 12)):
            await promise(dunning, number, day)
        await dunning.settled()
        (found,) = await work(dunning)

        assert (found["open_promise"]["number"], found["open_promise_count"]) == ("p-2", 3)
        assert found["last_contact"] is None

    async def test_is_filtered(self, dunning: RunningDunning) -> None:
        await overdue(dunning)
        for query in (
            {"task": "phone"},
            {"task": ["legal_decision", "phone"]},
            {"account_id": str(ACCOUNT)},
            {"legal_entity": "CN01"},
            {"collector_id": str(COLLECTOR)},
            {"currency": ["CNY", "USD"]},
        ):
            assert len(await work(dunning, **query)) == 1, query
        for query in (
            {"task": "legal_decision"},
            {"account_id": str(UUID(int=1))},
            {"legal_entity": "CN02"},
            {"collector_id": str(UUID(int=1))},
            {"currency": "USD"},
        ):
            assert await work(dunning, **query) == [], query

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [({"task": "dance"}, "/task/0"), ({"kind": "case"}, "/kind"), ({"limit": 0}, "/limit")],
    )
    async def test_refuses_by_name(
        self, dunning: RunningDunning, query: Json, pointer: str
    ) -> None:
        answer = await dunning.http.get("/v1/work-list", params=query)

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-query")
        assert answer.json()["errors"][0]["pointer"] == pointer


class TestNextStep:
    async def test_is_what_waits_for_its_review_and_then_the_next_threshold(
        self, book: DunningBook, dunning: RunningDunning
    ) -> None:
        await book.open(grade="良好")
        await book.issue(1, DUE)
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await dunning.settled()
        (before,) = await work(dunning)
        await book.until(local(FIRST, 9))
        (reviewed,) = await work(dunning)

        assert before["next_step"] == {"step": 1, "on": on(1)}
        assert reviewed["next_step"] == {"step": 30, "on": on(30)}

    async def test_waits_as_long_as_a_promise_puts_it_off(
        self, book: DunningBook, dunning: RunningDunning
    ) -> None:
        await book.open(grade="良好")
        await book.issue(1, DUE)
        await book.until(local(after(-1), 9))
        await promise(dunning, "p-1", 6)
        await book.until(local(FIRST, 0))
        await book.reach(1, 1)
        await book.until(local(FIRST, 9))
        (found,) = await work(dunning)

        assert (await book.notices(), found["open_promise"]["number"]) == ([], "p-1")
        assert found["next_step"] == {"step": 1, "on": on(7)}

    async def test_of_a_book_that_was_taken_over_is_the_first_after_it(
        self, book: DunningBook, dunning: RunningDunning
    ) -> None:
        taken_over = after(100)
        await book.open(take_over_on=taken_over)
        await book.until(local(taken_over, 10))
        for n, days in ((1, 5), (2, 40), (3, 100)):
            await book.enter(n, taken_over - days * DAY)
        await book.until(local(taken_over, 12))
        (found,) = await work(dunning)

        assert found["next_step"] == {"step": 60, "on": on(120)}
        assert (found["case"]["opened_on"], found["task_count"]) == (on(100), 0)
        assert found["oldest_item"]["invoice_number"] == "I-3"
        assert found["overdue_amount"] == money("3000.00")

    async def test_is_none_at_the_end_of_the_plan(
        self, book: DunningBook, dunning: RunningDunning
    ) -> None:
        await book.open(grade="较差")
        await book.until(local(after(95), 9))
        await book.enter(1, DUE)
        await book.until(local(after(95), 12))
        (found,) = await work(dunning)

        assert found["next_step"] is None
        assert [(task["kind"], task["step"]) for task in found["tasks"]] == [("legal_decision", 90)]
