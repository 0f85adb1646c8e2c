"""Terms over HTTP: previewed, issued, shown and listed alike, and refused by name."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.support.ledger_api import Json, LedgerApi
from tests.support.ledger_bodies import TERMS, bill, cny, instant, opened

pytestmark = pytest.mark.connected

DAY: Final = "2026-01-31"
PREVIEW: Final = "/terms:preview"


def asked(total: str = "100.01", terms: Any = TERMS) -> Json:
    return {"terms": terms, "issued_on": DAY, "total": cny(total)}


def of_percents(*percents: str) -> Json:
    return {"portions": [{"percent": each, "anchor": "invoice"} for each in percents]}


@pytest.fixture
async def late(api: LedgerApi) -> LedgerApi:
    """It is the day of the invoices, and there is an account."""
    await opened(api)
    await api.advance(instant(DAY))
    return api


class TestPreview:
    async def test_needs_no_key_and_writes_nothing(self, late: LedgerApi) -> None:
        before = await late.stored()

        answer = await late.client.post(f"/v1{PREVIEW}", json=asked())

        assert (answer.status_code, answer.json()) == (
            200,
            {
                "issued_on": DAY,
                "total": cny("100.01"),
                "installments": [
                    {
                        "installment": 1,
                        "due_on": "2026-02-05",
                        "amount": cny("30.00"),
                        "discounts": [
                            {"last_on": "2026-02-15", "percent": "2", "amount": cny("29.40")}
                        ],
                    },
                    {
                        "installment": 2,
                        "due_on": "2026-03-02",
                        "amount": cny("70.01"),
                        "discounts": [
                            {"last_on": "2026-02-10", "percent": "2", "amount": cny("68.61")}
                        ],
                    },
                ],
            },
        )
        assert "consistency-token" not in answer.headers
        assert await late.stored() == before

    async def test_is_no_line_of_a_batch(self, late: LedgerApi) -> None:
        assert (await late.post(f"{PREVIEW}:batch", {"items": [{}]})).status_code == 404


class TestIssue:
    async def test_does_what_was_previewed_and_is_shown_so(self, late: LedgerApi) -> None:
        previewed = await late.do(PREVIEW, asked())

        made = await late.do("/invoices", bill("I-1", "100.01", DAY, terms=TERMS))

        parts = ("installment", "due_on", "amount", "discounts")
        found = [{name: each[name] for name in parts} for each in made["installments"]]
        assert found == previewed["installments"]
        assert [each["percent"] for each in made["terms"]["portions"]] == ["70", "30"]
        shown = await late.ask(f"/invoices/{made['id']}")
        listed = await late.ask("/invoices", number="I-1")
        for each in (shown, listed["items"][0]):
            assert each["installments"] == made["installments"]
            assert each["terms"] == made["terms"]

    async def test_gives_settlements_to_the_installment_due_first(self, late: LedgerApi) -> None:
        """What is left open has the due date of the other."""
        paid = {"payment_number": "R-1", "value_on": DAY, "amount": cny("40.00")}
        paid["method"] = "transfer"

        made = await late.do(
            "/invoices", bill("I-1", "100.01", DAY, terms=TERMS, settlements=[paid])
        )

        assert [each["open_amount"] for each in made["installments"]] == [cny("0.00"), cny("60.01")]
        (item,) = (await late.ask("/open-items", legal_entity="CN01"))["items"]
        assert (item["due_on"], item["open_amount"]) == ("2026-03-02", cny("60.01"))

    async def test_keeps_no_terms_of_a_due_date(self, late: LedgerApi) -> None:
        made = await late.do("/invoices", bill("I-1", "1.00", DAY, terms=None, due_on="2026-03-01"))

        assert made["terms"] is None
        assert made["installments"][0]["discounts"] == []


class TestRefusals:
    async def test_are_the_same_for_both_and_leave_nothing(self, late: LedgerApi) -> None:
        window = {"percent": "2", "within_days": 10}
        before = await late.stored()
        for terms, code, pointer in (
            (of_percents("50", "49"), "portions-not-whole", "/terms/portions"),
            (of_percents("99.99", "0.01"), "portion-not-positive", "/terms/portions/1/percent"),
            (
                {"anchor": "invoice", "discounts": [window, window]},
                "discount-out-of-order",
                "/terms/discounts/1",
            ),
            (
                {"anchor": "delivery", "anchor_on": "2026-01-01", "add_days": 29},
                "due-date-precedes-issue-date",
                "/terms",
            ),
            (
                {"anchor": "delivery", "anchor_on": "2199-12-01", "add_days": 31},
                "effective-date-out-of-range",
                "/terms",
            ),
            ({"anchor": "delivery"}, "missing-field", "/terms/anchor_on"),
            ({"anchor": "invoice", "anchor_on": DAY}, "invalid-value", "/terms/anchor_on"),
            ({"discounts": [window]}, "invalid-value", "/terms"),
        ):
            for path, body in (
                ("/invoices", bill("I-1", "1.00", DAY, terms=terms)),
                (PREVIEW, asked("1.00", terms)),
            ):
                answer = await late.post(path, body)
                problem = answer.json()
                assert (answer.status_code, problem.get("code")) == (422, code), problem
                assert problem["errors"][0]["pointer"] == pointer, problem
        assert await late.stored() == before
