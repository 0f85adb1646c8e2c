"""Bad input over HTTP: each its own problem, and nothing written."""

from __future__ import annotations

from uuid import UUID

import pytest

from shared.kernel.decider import Book
from shared.kernel.ids import stream_id
from shared.platform.hosting.settings import TENANT_DEFAULT
from tests.support.ledger_api import Json, LedgerApi
from tests.support.ledger_bodies import ACCOUNT, ENTITY, OF, bill, opened, pay

pytestmark = pytest.mark.connected


STRANGER = str(UUID(int=12))
INVOICE = str(stream_id(TENANT_DEFAULT, "CN01", "invoice", "I-1"))
PAYMENT = str(stream_id(TENANT_DEFAULT, "CN01", "payment", "R-1"))
ALLOCATE = f"/payments/{PAYMENT}:allocate"


def share(amount: str = "1.00", currency: str = "CNY", **invoice: str) -> Json:
    money = {"amount": amount, "currency": currency}
    return {"allocations": [{"invoice": invoice or {"number": "I-1"}, "amount": money}]}


BAD: list[tuple[str, str, Json, int, str, str]] = [
    ("entity again", "/legal-entities", ENTITY, 409, "number-already-used", "/code"),
    ("zone", "/legal-entities", {**ENTITY, "code": "X", "time_zone": "Mars"},
     422, "invalid-value", "/time_zone"),
    ("currency", "/legal-entities", {**ENTITY, "code": "X", "currency": "ABC"},
     422, "unknown-currency", "/currency"),
    ("account again", "/accounts", ACCOUNT, 409, "number-already-used", "/number"),
    ("entity", "/accounts", {**ACCOUNT, "legal_entity": "DE01"},
     422, "unknown-legal-entity", "/legal_entity"),
    ("account", "/invoices", bill("N", "1.00", "2026-01-05", account={**OF, "number": "C-9"}),
     422, "unknown-account", "/account"),
    ("account id", "/invoices", bill("N", "1.00", "2026-01-05", account={"id": STRANGER}),
     422, "unknown-account", "/account"),
    ("an invoice as account", "/invoices", bill("N", "1.00", "2026-01-05", account={"id": INVOICE}),
     422, "unknown-account", "/account"),
    ("invoice again", "/invoices", bill("I-1", "1.00", "2026-01-05"),
     409, "number-already-used", "/number"),
    ("negative", "/invoices", bill("N", "-1.00", "2026-01-05"),
     422, "amount-not-positive", "/total/amount"),
    ("zero", "/invoices", bill("N", "0.00", "2026-01-05"),
     422, "amount-not-positive", "/total/amount"),
    ("too precise", "/invoices", bill("N", "1.001", "2026-01-05"),
     422, "amount-scale", "/total/amount"),
    ("due too early", "/invoices",
     bill("N", "1.00", "2026-01-05", terms=None, due_on="2026-01-04"),
     422, "due-date-precedes-issue-date", "/due_on"),
    ("ahead", "/invoices", bill("N", "1.00", "2026-01-06"),
     422, "effective-date-out-of-range", "/issued_on"),
    ("long ago", "/invoices", bill("N", "1.00", "1969-12-31"),
     422, "effective-date-out-of-range", "/issued_on"),
    ("two due dates", "/invoices", bill("N", "1.00", "2026-01-05", due_on="2026-02-01"),
     422, "invalid-value", ""),
    ("unknown field", "/invoices", bill("N", "1.00", "2026-01-05", vat="1"),
     422, "unknown-field", "/vat"),
    ("missing field", "/invoices", {"account": OF}, 422, "missing-field", "/number"),
    ("money ahead", "/payments", pay("N", "1.00", "2026-01-06"),
     422, "effective-date-out-of-range", "/value_on"),
    ("method", "/payments", pay("N", "1.00", "2026-01-05", method="gold"),
     422, "invalid-value", "/method"),
    ("payment again", "/payments", pay("R-1", "1.00", "2026-01-05"),
     409, "number-already-used", "/number"),
    ("above open", ALLOCATE, share("100.01"),
     409, "allocation-exceeds-open-amount", "/allocations/0/amount/amount"),
    ("above payment", ALLOCATE, share("90.00"),
     409, "allocation-exceeds-payment", "/allocations/0/amount/amount"),
    ("other currency", ALLOCATE, share("1.00", "USD"),
     422, "currency-mismatch", "/allocations/0/amount/currency"),
    ("unknown invoice", ALLOCATE, share(number="I-9"),
     422, "unknown-invoice", "/allocations/0/invoice"),
    ("another account's", ALLOCATE, share(number="I-2"),
     422, "invoice-of-another-account", "/allocations/0/invoice"),
    ("canceled", ALLOCATE, share(number="I-3"), 409, "invoice-not-open", "/allocations/0/invoice"),
    ("before value date", ALLOCATE, {**share(), "effective_on": "2026-01-03"},
     422, "effective-date-out-of-range", "/effective_on"),
    ("neither", ALLOCATE, {}, 422, "invalid-value", ""),
    ("stranger", f"/payments/{STRANGER}:allocate", share(), 404, "not-found", ""),
    ("an invoice as payment", f"/payments/{INVOICE}:allocate", share(), 404, "not-found", ""),
    ("no such invoice", f"/invoices/{STRANGER}:cancel", {}, 404, "not-found", ""),
    ("reason", f"/payments/{PAYMENT}:reverse", {"reason": "x"}, 422, "invalid-value", "/reason"),
]  # fmt: skip


class TestBadInput:
    @pytest.fixture
    async def ready(self, api: LedgerApi) -> LedgerApi:
        """I-1 over 100 with a payment of 80; I-2 of another account; I-3 canceled."""
        await opened(api)
        await api.do("/accounts", {**ACCOUNT, "number": "C-1002"})
        other = {"legal_entity": "CN01", "number": "C-1002"}
        await api.do("/invoices", bill("I-1", "100.00", "2026-01-02"))
        await api.do("/invoices", bill("I-2", "100.00", "2026-01-02", account=other))
        gone = await api.do("/invoices", bill("I-3", "100.00", "2026-01-02"))
        await api.do(f"/invoices/{gone['id']}:cancel", {})
        await api.do("/payments", pay("R-1", "80.00", "2026-01-04"))
        return api

    async def test_is_named_and_leaves_nothing(self, ready: LedgerApi) -> None:
        before = await ready.stored()
        for what, path, body, status, code, pointer in BAD:
            answer = await ready.post(path, body)
            problem = answer.json()
            assert (answer.status_code, problem.get("code")) == (status, code), (what, problem)
            assert problem["errors"][0]["pointer"] == pointer, (what, problem)
            assert answer.headers["content-type"] == "application/problem+json"
        assert await ready.stored() == before

    async def test_about_what_is_allocated_or_reversed(self, ready: LedgerApi) -> None:
        await ready.do(ALLOCATE, share("1.00"))
        before = await ready.stored()
        canceled = await ready.post(f"/invoices/{INVOICE}:cancel", {})
        assert (canceled.status_code, canceled.json()["code"]) == (409, "invoice-is-allocated")
        stale = await ready.post(ALLOCATE, share(), headers={"if-match": '"v1"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "stale-version")
        assert await ready.stored() == before

        await ready.do(f"/payments/{PAYMENT}:reverse", {"reason": "wrong"})
        late = await ready.post(ALLOCATE, share())
        assert (late.status_code, late.json()["code"]) == (409, "payment-is-reversed")
        other = await ready.post(f"/payments/{PAYMENT}:reverse", {"reason": "bounced"})
        assert (other.status_code, other.json()["code"]) == (409, "payment-is-reversed")

    async def test_about_the_past(self, ready: LedgerApi) -> None:
        for query, code in (
            ({"legal_entity": "DE01"}, "unknown-legal-entity"),
            ({"legal_entity": "CN01", "edges": "30,30"}, "invalid-query"),
            ({"legal_entity": "CN01", "edges": "abc"}, "invalid-query"),
            ({"legal_entity": "CN01", "as_of": "2026-02-30"}, "invalid-query"),
            ({}, "invalid-query"),
        ):
            answer = await ready.client.get("/v1/reports/aging", params=query)
            assert answer.json()["code"] == code, query
        for path in (f"/v1/invoices/{STRANGER}", f"/v1/payments/{INVOICE}", "/v1/open-items/x"):
            assert (await ready.client.get(path)).status_code == 404


def test_ids_follow_from_numbers() -> None:
    """A client may compute them, and a second invoice with the number is the same stream."""
    book = Book(TENANT_DEFAULT, "CN01")

    assert str(stream_id(book.tenant_id, book.legal_entity, "invoice", "I-1")) == INVOICE
