"""What a review and a crossing are told, asked on a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

import pytest

from services.dunning.accounts.domain.account_facts import AccountFacts
from services.dunning.accounts.domain.grades import GradeOnDay
from services.dunning.accounts.projections.crossing_facts import facts_of_crossings
from services.dunning.strategies.domain.review import LastNotice
from services.dunning.work.domain.case.decide import case_stream
from services.dunning.work.domain.review_facts import CaseFacts
from services.dunning.work.projections.review_facts import facts_of_review
from shared.kernel.money import Money
from tests.support.cases import STARTED
from tests.support.dunning import (
    ACCOUNT,
    BOOK,
    COLLECTOR,
    TENANT,
    became_overdue,
    recorded,
    yuan,
)
from tests.support.dunning_bodies import PROMISE
from tests.support.dunning_book import DAY, DunningBook, item_id, local
from tests.support.dunning_running import RunningDunning

pytestmark = pytest.mark.connected

DUE = date(2026, 3, 2)
FIRST = DUE + DAY
CASE = case_stream(BOOK, account_id=ACCOUNT, currency="CNY").id


async def asked(dunning: RunningDunning, on: date) -> CaseFacts:
    async with dunning.database.bound({TENANT}, snapshot=True) as connection:
        return await facts_of_review(connection, recorded(STARTED, on, stream=CASE))


async def settled_at(book: DunningBook, instant: datetime) -> None:
    """Nothing is reviewed before it."""
    await book.until(instant)


class TestFactsOfReview:
    async def test_are_of_one_currency(self, dunning: RunningDunning) -> None:
        book = DunningBook(dunning)
        await book.open(grade="良好")
        await book.issue(1, DUE)
        await book.issue(2, DUE, "700.00", "USD")
        await book.issue(3, DUE + 9 * DAY)
        await book.receive(1, "250.00")
        await book.receive(2, "8.00", "USD")
        await settled_at(book, local(FIRST, 0))
        for n in (1, 2):
            await book.reach(n, 1)
        await dunning.settled()
        made = await dunning.post("/v1/promises", PROMISE, "p-1")
        assert made.status_code == 201
        await dunning.settled()
        facts = await asked(dunning, FIRST)
        rules = facts.rules

        assert (rules.today, rules.grade) == (FIRST, "良好")
        assert [(one.open_item_id, one.step) for one in rules.reached] == [(item_id(1), 1)]
        steps = {one.item.open_item_id: one.latest_step for one in rules.items}
        assert steps == {item_id(1): 1, item_id(3): None}
        assert (rules.unallocated, rules.minimum) == (yuan(25_000), yuan(100))
        assert (rules.promised, rules.promised_until) == (yuan(235_000), DUE + 9 * DAY)
        assert rules.last_notice is None
        assert (facts.history, facts.take_over_on, facts.is_cut) == ([], None, False)

    async def test_know_the_last_notice_and_forget_a_promise_that_is_past(
        self, dunning: RunningDunning
    ) -> None:
        book = DunningBook(dunning)
        await book.open()
        await book.issue(1, DUE)
        await settled_at(book, local(FIRST, 0))
        await book.reach(1, 1)
        await book.until(local(FIRST, 9))
        await dunning.post("/v1/promises", PROMISE, "p-1")
        await dunning.settled()
        facts = await asked(dunning, DUE + 10 * DAY)

        assert facts.rules.last_notice == LastNotice(on=FIRST, step=1)
        assert facts.rules.reached == []
        assert (facts.rules.promised, facts.rules.promised_until) == (yuan(0), None)

    async def test_take_an_item_over_once_and_where_it_is(self, dunning: RunningDunning) -> None:
        """One was paid, one has come further since, one has been reached twice."""
        book = DunningBook(dunning)
        await book.open(take_over_on=DUE + 60 * DAY)
        for n in (1, 2, 3):
            await book.issue(n, DUE)
        await settled_at(book, local(DUE + 40 * DAY, 0))
        for n in (1, 2, 3):
            await book.reach(n, 30)
        await dunning.settled()
        await book.pay(1)
        await book.reach(2, 60)
        await dunning.settled()
        await book.pay(3)
        await dunning.settled()
        await book.bounce(3, 30)
        await dunning.settled()
        before, facts = await asked(dunning, FIRST), await asked(dunning, DUE + 60 * DAY)

        assert (before.is_taken_over, facts.is_taken_over) == (False, True)
        taken = [one.step for one in facts.history if one.owed is not None]
        assert [(step.open_item_id, step.step) for step in taken] == [(item_id(3), 30)]
        assert sorted(one.step.open_item_id.int - 10_000 for one in facts.history) == [1, 2, 3, 3]
        assert [one.open_item_id for one in facts.rules.reached] == [item_id(2)]

    async def test_have_a_minimum_in_every_currency(self, dunning: RunningDunning) -> None:
        book = DunningBook(dunning)
        await book.open()
        await book.issue(1, DUE, "5000", "JPY")
        await settled_at(book, local(FIRST, 0))
        await book.reach(1, 1)
        await dunning.settled()
        stream = case_stream(BOOK, account_id=ACCOUNT, currency="JPY")
        async with dunning.database.bound({TENANT}, snapshot=True) as connection:
            yen = replace(STARTED, currency="JPY")
            facts = await facts_of_review(connection, recorded(yen, FIRST, stream=stream.id))

        assert facts.rules.minimum == Money(1, "JPY")


class TestFactsOfCrossings:
    async def test_are_the_same_for_all_that_come_together(self, dunning: RunningDunning) -> None:
        book = DunningBook(dunning)
        await book.open(grade="较差", take_over_on=DUE)
        await book.issue(1, DUE)
        await book.issue(2, DUE)
        await settled_at(book, local(FIRST, 0))
        await book.reach(1, 1)
        await dunning.settled()
        await book.pay(2)
        await dunning.settled()
        crossings = [
            recorded(replace(became_overdue(), open_item_id=item), FIRST, version=n)
            for n, item in enumerate((item_id(1), item_id(2), UUID(int=404)), start=1)
        ]
        async with dunning.database.bound({TENANT}, snapshot=True) as connection:
            facts = await facts_of_crossings(connection, crossings)
            none = await facts_of_crossings(connection, [])

        first, paid, unknown = (facts[each.id] for each in crossings)
        assert first == AccountFacts(
            time_zone="Asia/Shanghai",
            take_over_on=DUE,
            collector_id=COLLECTOR,
            grades=[GradeOnDay(date(2025, 1, 31), "较差")],
            latest_step=1,
            is_settled=False,
        )
        assert (paid.is_settled, paid.latest_step) == (True, None)
        assert (unknown.is_settled, unknown.latest_step) == (False, None)
        assert none == {}
