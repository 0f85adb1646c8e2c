"""Invoices that are entered with what was paid of them, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.ledger_api import Json, LedgerApi
from tests.support.ledger_bodies import bill, cny, instant, opened

pytestmark = pytest.mark.connected


def settlement(number: str, amount: str, on: str = "2026-03-20", **changes: Any) -> Json:
    return {
        "payment_number": number,
        "value_on": on,
        "amount": cny(amount),
        "method": "transfer",
        **changes,
    }


def paid(number: str, total: str, *settlements: Json) -> Json:
    """Issued on 31 January, due on 2 March."""
    return bill(number, total, "2026-01-31", settlements=list(settlements))


@pytest.fixture
async def late(api: LedgerApi) -> LedgerApi:
    """It is the end of June, and nothing is entered yet."""
    await opened(api)
    await api.advance(instant("2026-06-30"))
    return api


class TestIssue:
    async def test_settles_in_one_deed_and_makes_nothing_overdue(self, late: LedgerApi) -> None:
        before = len(await late.events())
        answer = await late.post(
            "/invoices",
            paid(
                "I-1",
                "8000.00",
                settlement("R-1", "5000.00"),
                settlement("R-2", "3000.00", "2026-04-20", reference="I-1", method="cash"),
            ),
        )
        made = answer.json()
        await late.settle()

        assert (answer.status_code, answer.headers["etag"]) == (201, '"v4"')
        assert (made["status"], made["open_amount"]) == ("settled", cny("0.00"))
        assert [(each["version"], each["status"]) for each in made["affected"]] == [
            (2, "received"), (2, "received"),
        ]  # fmt: skip
        assert (await late.events())[before:] == [
            ("ledger.invoice.issued.v1", "2026-01-31"),
            ("ledger.payment.received.v1", "2026-03-20"),
            ("ledger.payment.allocated.v1", "2026-03-20"),
            ("ledger.invoice.payment_applied.v1", "2026-03-20"),
            ("ledger.payment.received.v1", "2026-04-20"),
            ("ledger.payment.allocated.v1", "2026-04-20"),
            ("ledger.invoice.payment_applied.v1", "2026-04-20"),
            ("ledger.invoice.settled.v1", "2026-04-20"),
        ]
        shown = await late.ask(f"/payments/{made['affected'][1]['id']}")
        assert (shown["number"], shown["method"], shown["reference"]) == ("R-2", "cash", "I-1")
        for day, left in (
            ("2026-03-19", "8000.00"),
            ("2026-04-19", "3000.00"),
            ("2026-04-20", "0.00"),
        ):
            then = await late.ask(f"/invoices/{made['id']}", as_of=day)
            assert then["open_amount"] == cny(left), day

    async def test_lets_a_rest_become_overdue(self, late: LedgerApi) -> None:
        made = await late.do("/invoices", paid("I-1", "8000.00", settlement("R-1", "5000.00")))
        await late.settle()

        assert (made["status"], made["open_amount"]) == ("open", cny("3000.00"))
        # Announced when it was ahead it never was, so: overdue, 30, 60 and 90 days past due.
        assert [kind for kind, _ in (await late.events())[-4:]] == [
            "ledger.invoice.became_overdue.v1",
            *["ledger.invoice.days_past_due_reached.v1"] * 3,
        ]

    async def test_is_tried_first_and_done_once(self, late: LedgerApi) -> None:
        body, before = paid("I-1", "80.00", settlement("R-1", "80.00")), await late.stored()
        tried = await late.client.post("/v1/invoices?dry_run=true", json=body)
        assert (tried.status_code, tried.json()["status"]) == (200, "settled")
        assert await late.stored() == before

        key = {"idempotency-key": "import-1"}
        first = await late.post("/invoices", body, headers=key)
        written = await late.stored()
        again = await late.post("/invoices", body, headers=key)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotency-replayed"] == "true"
        assert await late.stored() == written
        other = await late.post("/invoices", paid("I-1", "80.00"), headers=key)
        assert other.json()["code"] == "idempotency-key-reused"

    async def test_refuses_all_when_one_does_not_fit(self, late: LedgerApi) -> None:
        await late.do("/invoices", paid("I-0", "1.00", settlement("R-0", "1.00")))
        before, fits = await late.stored(), settlement("R-1", "50.00")
        eur = {"amount": "1.00", "currency": "EUR"}
        wrong: list[tuple[Json, int, str, str]] = [
            (settlement("R-2", "50.01"), 409, "allocation-exceeds-open-amount", "/amount/amount"),
            (settlement("R-2", "0.00"), 422, "amount-not-positive", "/amount/amount"),
            ({**settlement("R-2", "1.00"), "amount": eur},
             422, "currency-mismatch", "/amount/currency"),
            (settlement("R-2", "1.00", "2026-07-01"), 422, "effective-date-out-of-range",
             "/value_on"),
            (settlement("R-1", "1.00"), 409, "number-already-used", "/payment_number"),
            (settlement("R-0", "1.00"), 409, "number-already-used", "/payment_number"),
            (settlement("R-2", "1.00", method="gold"), 422, "invalid-value", "/method"),
            (settlement("R-2", "1.00", payer="x"), 422, "unknown-field", "/payer"),
        ]  # fmt: skip
        for each, status, code, pointer in wrong:
            answer = await late.post("/invoices", paid("I-1", "100.00", fits, each))
            problem = answer.json()
            assert (answer.status_code, problem["code"]) == (status, code), problem
            assert problem["errors"][0]["pointer"] == f"/settlements/1{pointer}"
        many = [settlement(f"R-{n}", "1.00") for n in range(2, 23)]
        answer = await late.post("/invoices", paid("I-1", "100.00", *many))
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/settlements")
        assert await late.stored() == before
