"""The ledger as its clients see it: over HTTP, with a real PostgreSQL, relay and projector."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.kernel.decider import Book
from shared.kernel.ids import stream_id
from shared.platform.settings import TENANT_DEFAULT
from tests.support.ledger_api import Json, LedgerApi

pytestmark = pytest.mark.connected

ENTITY = {"code": "CN01", "name": "华东贸易", "time_zone": "Asia/Shanghai", "currency": "CNY"}
ACCOUNT = {
    "legal_entity": "CN01",
    "number": "C-1001",
    "name": "苏州精密机械",
    "contact_person": {"name": "李雷", "phone": "+86 512 5555 0101", "email": "li@example.com"},
    "language": "zh",
    "sales_owner": "韩梅梅",
    "collector_id": "7f020000-0000-4000-8000-000000000001",
}
OF = {"legal_entity": "CN01", "number": "C-1001"}


def cny(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def instant(day: str) -> datetime:
    """Noon of that day in Shanghai."""
    return datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC)


def bill(number: str, total: str, on: str, **changes: Any) -> Json:
    return {
        "account": OF,
        "number": number,
        "issued_on": on,
        "total": cny(total),
        "terms": {"anchor": "invoice", "add_days": 30},
        **changes,
    }


def pay(number: str, amount: str, on: str, **changes: Any) -> Json:
    return {
        "account": OF,
        "number": number,
        "amount": cny(amount),
        "value_on": on,
        "method": "transfer",
        **changes,
    }


async def opened(api: LedgerApi) -> Json:
    await api.do("/legal-entities", ENTITY)
    return await api.do("/accounts", ACCOUNT)


async def aging(api: LedgerApi, **query: str) -> dict[str, str]:
    """Non-empty buckets and the total in CNY."""
    report = await api.ask("/reports/aging", legal_entity="CN01", **query)
    one = report["currencies"][0]
    assert sum(int(b["open_amount"]["amount"].replace(".", "")) for b in one["buckets"]) == int(
        one["total"]["open_amount"]["amount"].replace(".", "")
    )
    buckets = {b["bucket"]: b["open_amount"]["amount"] for b in one["buckets"] if b["items"]}
    return {**buckets, "total": one["total"]["open_amount"]["amount"]}


class TestAccounts:
    async def test_keep_who_they_are_out_of_events(self, api: LedgerApi) -> None:
        made = await opened(api)
        shown = await api.ask(f"/accounts/{made['id']}")

        assert shown["name"] == "苏州精密机械"
        assert shown["contact_person"]["email"] == "li@example.com"
        assert (shown["sales_owner"], shown["language"]) == ("韩梅梅", "zh")
        assert shown["collector_id"] == ACCOUNT["collector_id"]
        assert shown["balances"][0]["balance"] == cny("0.00")
        async with api.database.bound([TENANT_DEFAULT]) as connection:
            written = await connection.exec_driver_sql(
                "SELECT string_agg(convert_from(data, 'UTF8'), '') FROM es_event"
            )
            text: str = written.scalar_one()
        for secret in ("苏州", "李雷", "5555", "li@example", "韩梅梅"):
            assert secret not in text

    async def test_are_found_by_number(self, api: LedgerApi) -> None:
        made = await opened(api)
        found = await api.ask("/accounts", legal_entity="CN01", number="C-1001")

        assert [one["id"] for one in found["items"]] == [made["id"]]
        assert (await api.ask("/accounts", number="C-9"))["items"] == []
        assert (await api.ask("/legal-entities/CN01"))["time_zone"] == "Asia/Shanghai"


class TestMainJob:
    async def test_from_invoice_to_aging(self, api: LedgerApi) -> None:
        """Receive, allocate by number, and see the balance of every day on the way."""
        await opened(api)
        await api.advance(instant("2026-01-31"))
        old = await api.do("/invoices", bill("2026-0117", "11300.00", "2026-01-17"))
        new = await api.do("/invoices", bill("2026-0131", "8000.00", "2026-01-31"))
        assert new == {
            "id": new["id"],
            "version": 1,
            "account_id": new["account_id"],
            "number": "2026-0131",
            "status": "open",
            "issued_on": "2026-01-31",
            "total": cny("8000.00"),
            "installments": [
                {
                    "installment": 1,
                    "open_item_id": new["installments"][0]["open_item_id"],
                    "due_on": "2026-03-02",
                    "open_amount": cny("8000.00"),
                }
            ],
        }
        await api.advance(instant("2026-03-02"))
        paid = await api.do("/payments", pay("R-1", "20000.00", "2026-03-02", payer="张三"))
        done = await api.do(
            f"/payments/{paid['id']}:allocate",
            {
                "allocations": [
                    {"invoice": {"number": "2026-0117"}, "amount": cny("11300.00")},
                    {"invoice": {"id": new["id"]}, "amount": cny("5650.00")},
                ]
            },
        )
        assert done["unallocated_amount"] == cny("3050.00")
        assert [(a["id"], a["status"], a["version"]) for a in done["affected"]] == [
            (old["id"], "settled", 6),  # issued, approached, overdue, applied, settled, cured
            (new["id"], "open", 3),  # issued, approached, applied
        ]

        now = {"credit": "-3050.00", "not_due": "2350.00", "total": "-700.00"}
        assert await aging(api) == now
        assert await aging(api, as_of="2026-03-02") == now
        assert await aging(api, as_of="2026-04-02", edges="10,30,40") == {
            "credit": "-3050.00", "31_40": "2350.00", "total": "-700.00",
        }  # fmt: skip
        assert await aging(api, as_of="2026-03-01") == {
            "not_due": "8000.00", "1_30": "11300.00", "total": "19300.00",
        }  # fmt: skip
        assert await aging(api, as_of="2026-01-20") == {"not_due": "11300.00", "total": "11300.00"}
        assert await aging(api, as_of="2026-01-20", as_known="2026-01-30T00:00:00Z") == {
            "total": "0.00"
        }

        shown = await api.ask(f"/payments/{paid['id']}")
        assert (shown["payer"], shown["status"]) == ("张三", "received")
        assert [a["amount"] for a in shown["allocations"]] == [cny("11300.00"), cny("5650.00")]
        then = await api.ask(f"/invoices/{old['id']}", as_of="2026-03-01")
        assert (then["status"], then["open_amount"]) == ("open", cny("11300.00"))
        listed = await api.ask("/invoices", status="open", legal_entity="CN01")
        assert [one["number"] for one in listed["items"]] == ["2026-0131"]
        items = await api.ask("/open-items", legal_entity="CN01")
        assert [(i["kind"], i["open_amount"]["amount"]) for i in items["items"]] == [
            ("installment", "2350.00"),
            ("unallocated", "-3050.00"),
        ]
        account = await api.ask(f"/accounts/{new['account_id']}")
        assert account["balances"][0]["balance"] == cny("-700.00")

    async def test_oldest_first_then_bounced(self, api: LedgerApi) -> None:
        await opened(api)
        first = await api.do("/invoices", bill("I-1", "100.00", "2026-01-01"))
        second = await api.do("/invoices", bill("I-2", "50.00", "2026-01-04"))
        await api.advance(instant("2026-02-03"))  # 3 and 0 days past due
        await api.ask("/invoices")
        paid = await api.do("/payments", pay("R-1", "120.00", "2026-02-03"))
        done = await api.do(f"/payments/{paid['id']}:allocate", {"rule": "oldest_first"})
        assert [a["amount"]["amount"] for a in done["allocations"]] == ["100.00", "20.00"]

        await api.advance(instant("2026-03-10"))
        back = await api.do(f"/payments/{paid['id']}:reverse", {"reason": "bounced"})
        await api.settle()

        assert (back["status"], back["unallocated_amount"]) == ("reversed", cny("0.00"))
        assert {a["id"] for a in back["affected"]} == {first["id"], second["id"]}
        assert (await api.events())[-2:] == [  # The first is 38 days past due, and open anew.
            ("ledger.invoice.became_overdue.v1", "2026-03-10"),
            ("ledger.invoice.days_past_due_reached.v1", "2026-03-10"),
        ]
        assert await aging(api) == {"31_60": "150.00", "total": "150.00"}
        assert await aging(api, as_of="2026-03-09") == {"31_60": "30.00", "total": "30.00"}
        again = await api.do(f"/payments/{paid['id']}:reverse", {"reason": "bounced"})
        assert again["version"] == back["version"]

    async def test_backdated_money_changes_past_days_but_not_what_was_known(
        self, api: LedgerApi
    ) -> None:
        await opened(api)
        made = await api.do("/invoices", bill("I-1", "100.00", "2026-01-05"))
        await api.advance(instant("2026-01-20"))
        before = "2026-01-20T04:00:00Z"
        await api.advance(instant("2026-01-25"))
        assert await aging(api, as_of="2026-01-15") == {"not_due": "100.00", "total": "100.00"}

        paid = await api.do("/payments", pay("R-1", "100.00", "2026-01-10"))
        await api.do(
            f"/payments/{paid['id']}:allocate",
            {
                "effective_on": "2026-01-10",
                "allocations": [{"invoice": {"id": made["id"]}, "amount": cny("100.00")}],
            },
        )

        assert await aging(api, as_of="2026-01-15") == {"total": "0.00"}
        assert await aging(api, as_of="2026-01-15", as_known=before) == {
            "not_due": "100.00", "total": "100.00",
        }  # fmt: skip
        then = await api.ask(f"/invoices/{made['id']}", as_of="2026-01-15", as_known=before)
        assert (then["status"], then["allocations"]) == ("open", [])

    async def test_cancel(self, api: LedgerApi) -> None:
        await opened(api)
        made = await api.do("/invoices", bill("I-1", "100.00", "2026-01-05"))
        gone = await api.do(f"/invoices/{made['id']}:cancel")

        assert (gone["status"], gone["version"]) == ("canceled", 2)
        assert (await api.do(f"/invoices/{made['id']}:cancel"))["version"] == 2
        assert await aging(api) == {"total": "0.00"}
        item = made["installments"][0]["open_item_id"]
        movements = (await api.ask(f"/open-items/{item}"))["movements"]
        assert [m["amount"]["amount"] for m in movements] == ["100.00", "-100.00"]

    async def test_a_page_of_accounts_with_their_ages(self, api: LedgerApi) -> None:
        await opened(api)
        await api.do("/accounts", {**ACCOUNT, "number": "C-1002"})
        await api.do("/invoices", bill("I-1", "100.00", "2026-01-05"))
        other = {"legal_entity": "CN01", "number": "C-1002"}
        await api.do("/invoices", bill("I-2", "7.00", "2026-01-05", account=other))

        query = {"legal_entity": "CN01", "group_by": "account", "limit": "1"}
        first = await api.ask("/reports/aging", **query)
        second = await api.ask("/reports/aging", **query, cursor=first["next"])

        assert [i["account_number"] for i in first["items"] + second["items"]] == [
            "C-1001",
            "C-1002",
        ]
        assert second["items"][0]["total"] == {"items": 1, "open_amount": cny("7.00")}
        assert second["currencies"][0]["total"]["open_amount"] == cny("107.00")
        assert second["next"] is None

    async def test_lists_page_without_loss(self, api: LedgerApi) -> None:
        await opened(api)
        for n in range(5):
            await api.do("/invoices", bill(f"I-{n}", "1.00", f"2026-01-0{5 - n}"))
            await api.do("/payments", pay(f"R-{n}", "1.00", f"2026-01-0{5 - n}"))

        for path, day in (("/invoices", "issued_on"), ("/payments", "value_on"),
                          ("/open-items", "dated_on")):  # fmt: skip
            seen: list[Json] = []
            query: Mapping[str, str] = {"limit": "2"}
            while True:
                page = await api.ask(path, **query)
                seen += page["items"]
                if page["next"] is None:
                    break
                query = {"limit": "2", "cursor": page["next"]}
            assert len({one["id"] for one in seen}) == (10 if path == "/open-items" else 5)
            if path != "/open-items":
                assert [one[day] for one in seen] == [f"2026-01-0{n}" for n in range(1, 6)]


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


class TestDryRun:
    async def test_answers_what_would_be_and_stores_nothing(self, api: LedgerApi) -> None:
        await opened(api)
        before = await api.stored()

        answer = await api.post("/invoices?dry_run=true", bill("I-1", "1.00", "2026-01-05"))

        assert (answer.status_code, answer.json()["status"]) == (200, "open")
        assert await api.stored() == before


def test_ids_follow_from_numbers() -> None:
    """A client may compute them, and a second invoice with the number is the same stream."""
    book = Book(TENANT_DEFAULT, "CN01")

    assert str(stream_id(book.tenant_id, book.legal_entity, "invoice", "I-1")) == INVOICE
