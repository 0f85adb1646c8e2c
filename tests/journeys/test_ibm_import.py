"""The IBM ledger imported with a driven clock: every figure equals a computation of its own."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest

from tests.journeys import ibm_deeds as deeds
from tests.journeys import ibm_oracle as oracle
from tests.journeys.ibm_figures import check_aging, check_behavior, near
from tests.support.ibm_story import (
    ENTITY,
    FIRST_DAY,
    LAST_DAY,
    PROMISE_DAY,
    Lived,
    needs_data,
    promised,
    run_import,
)

pytestmark = [
    pytest.mark.journey,
    pytest.mark.real_data,
    needs_data,
    pytest.mark.timeout(1800),
]

KINDS: Final = {
    ("email", "pre_due"): "email",
    ("email", "reminder"): "email",
    ("letter", "dunning_letter"): "letter",
    ("letter", "final_notice"): "final_notice",
}


class TestLedger:
    def test_ages_as_published_and_as_computed_apart(self, lived: Lived) -> None:
        check_aging(lived.book, lived.invoices)

    def test_holds_every_invoice(self, lived: Lived) -> None:
        found = lived.book.all("/ledger/v1/invoices", legal_entity=ENTITY)
        amounts = {one["number"]: Decimal(one["total"]["amount"]) for one in found}

        assert len(amounts) == 2466
        assert sum(amounts.values()) == Decimal("147703.18")


class TestCredit:
    def test_knows_how_every_customer_pays(self, lived: Lived) -> None:
        check_behavior(lived.book, lived.invoices)

    def test_scored_and_graded_every_month_end(self, lived: Lived) -> None:
        expected = {(row.account, row.effective_on): row for row in lived.reviews}
        found: dict[tuple[str, date], Any] = {}
        for number, account_id in lived.book.account_ids().items():
            file = lived.book.get(f"/credit/v1/credit-files/{account_id}")
            for review in file["reviews"]:
                found[number, date.fromisoformat(review["as_of"])] = review
        found = {key: one for key, one in found.items() if key[1] <= date(2013, 12, 31)}
        wrong = [
            key
            for key, row in expected.items()
            if key in found
            and not (found[key]["grade"] == row.grade and near(found[key]["score"], row.score))
        ]

        assert found.keys() == expected.keys()
        assert wrong == []
        scored = [one for one in found.values() if one["score"] is not None]
        assert (len(found), len(scored)) == (2351, 2067)
        assert Counter(one["grade"] for one in scored) == {
            "优质": 929,
            "良好": 366,
            "一般": 499,
            "较差": 273,
        }


class TestDunning:
    def test_raised_every_alert_once_and_recovered_it(self, lived: Lived) -> None:
        feed = list(lived.book.all("/dunning/v1/overdue-alerts"))
        raised = {one["id"]: one for one in feed if one["event"] == "raised"}
        recovered = [one["alert_id"] for one in feed if one["event"] == "recovered"]
        expected = oracle.alerts(lived.invoices, lived.reviews)

        assert len(feed) == len({one["id"] for one in feed}) == 1780
        assert Counter(one["threshold_days"] for one in raised.values()) == {1: 877, 30: 13}
        assert sorted(recovered) == sorted(raised)
        assert sorted(
            (one["invoice_number"], one["threshold_days"], one["effective_on"], one["grade"])
            for one in raised.values()
        ) == sorted(
            (one.invoice, one.threshold, one.raised_on.isoformat(), one.grade) for one in expected
        )

    def test_has_no_open_case(self, lived: Lived) -> None:
        assert list(lived.book.all("/dunning/v1/cases", status="open")) == []
        assert list(lived.book.all("/dunning/v1/cases", status="closed")) != []

    def test_followed_the_plan(self, lived: Lived) -> None:
        notices = [
            _deed(one, one["written_on"], _kind(one), one["demanded"]["amount"])
            for one in lived.book.all("/dunning/v1/notices")
        ]
        tasks = [
            _deed(one, one["opened_on"], f"{one['kind']}_task", one["open_amount"]["amount"])
            for one in lived.book.all("/dunning/v1/tasks")
            if one["kind"] != "ask_for_address"
        ]
        promise = deeds.Promise(promised(lived.invoices), PROMISE_DAY)
        expected = deeds.actions(lived.invoices, lived.reviews, promise)

        assert sorted(notices + tasks) == sorted(
            (
                one.account,
                one.done_on.isoformat(),
                one.step,
                one.kind,
                one.grade,
                one.invoices,
                Decimal(one.demanded_minor).scaleb(-2),
            )
            for one in expected
        )
        assert Counter((one[2], one[3]) for one in notices + tasks) == {
            (-3, "email"): 899,
            (1, "email"): 720,
            (1, "phone_task"): 190,
            (30, "letter"): 8,
            (30, "phone_task"): 8,
        }

    def test_handed_every_notice_over(self, lived: Lived) -> None:
        assert list(lived.book.all("/dunning/v1/notices", status="queued")) == []

    def test_asked_for_the_addresses_of_whom_it_could_not_remind(self, lived: Lived) -> None:
        """The data set names no address."""
        notices = list(lived.book.all("/dunning/v1/notices"))
        assert {(one["status"], one["reason"]) for one in notices} == {
            ("undeliverable", "no_address")
        }
        asked = lived.book.all("/dunning/v1/tasks", kind="ask_for_address")
        assert {one["account"]["number"] for one in asked} == {
            one["account"]["number"] for one in notices if one["step"] > 0
        }

    def test_withdrew_every_task_since_all_is_paid(self, lived: Lived) -> None:
        assert {one["status"] for one in lived.book.all("/dunning/v1/tasks")} == {"withdrawn"}

    def test_shows_the_contact_and_the_promise_that_was_kept(self, lived: Lived) -> None:
        item = promised(lived.invoices)
        account_id = lived.book.account_ids()[item.account]
        entries = [
            (one["kind"], one["event"])
            for one in lived.book.all("/dunning/v1/collection-ledger", account_id=account_id)
        ]
        (promise,) = lived.book.all("/dunning/v1/promises", account_id=account_id)

        assert ("contact", "recorded") in entries
        assert entries.index(("promise", "made")) < entries.index(("promise", "kept"))
        assert promise["status"] == "kept"


Deed = tuple[str, str, int, str, str, tuple[str, ...], Decimal]


def _deed(one: Any, day: str, kind: str, amount: str) -> Deed:
    """Whose, when, about what, and what is asked for."""
    numbers = tuple(sorted(item["invoice_number"] for item in one["items"]))
    whose, step = one["account"]["number"], one["step"]
    return whose, day, step, kind, one["grade"], numbers, Decimal(amount)


def _kind(notice: Any) -> str:
    return KINDS[notice["channel"], notice["template"]]


class TestAfterwards:
    """These change the book; they come last, in this order."""

    def test_projections_are_what_a_fresh_fold_gives(self, lived: Lived) -> None:
        lived.system.verify()

    def test_importing_again_writes_no_event(self, lived: Lived) -> None:
        before = lived.book.records()

        run_import(lived.system.url, FIRST_DAY, LAST_DAY)

        lived.book.wait_settled()
        assert lived.book.records() == before

    def test_a_bounced_payment_raises_an_alert_at_the_step_it_has_come_to(
        self, lived: Lived
    ) -> None:
        """Years past due: of the four thresholds reached anew only the last is raised."""
        item = min(
            (one for one in lived.invoices if one.days_beyond_terms > 0), key=lambda i: i.number
        )
        payments = lived.book.all("/ledger/v1/payments", legal_entity=ENTITY, number=item.number)
        (payment,) = payments
        lived.book.post(
            f"/ledger/v1/payments/{payment['id']}:reverse", "story-bounce", {"reason": "bounced"}
        )
        lived.book.wait_settled()
        raised = [
            one
            for one in lived.book.all("/dunning/v1/overdue-alerts", event="raised")
            if one["invoice_number"] == item.number
        ]
        (case,) = lived.book.all("/dunning/v1/cases", status="open")

        reached = [n for n in oracle.THRESHOLDS if n > 0 and item.reaches(n)]
        assert [one["threshold_days"] for one in raised] == [*reached, 90]
        assert raised[-1]["effective_on"] == LAST_DAY.isoformat()
        assert [one["invoice_number"] for one in case["items"]] == [item.number]
