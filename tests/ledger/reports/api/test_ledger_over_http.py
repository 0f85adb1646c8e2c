"""The ledger as its clients see it: over HTTP, with a real PostgreSQL, relay and projector."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from shared.platform.hosting.settings import TENANT_DEFAULT
from tests.support.ledger_api import Json, LedgerApi
from tests.support.ledger_bodies import ACCOUNT, bill, cny, instant, opened, pay

pytestmark = pytest.mark.connected


async def aging(api: LedgerApi, **query: str) -> dict[str, str]:
    """Non-empty buckets and the total in CNY."""
    report = await api.ask("/reports/aging", legal_entity="CN01", **query)
    one = report["currencies"][0]
    assert sum(int(b["open_amount"]["amount"].replace(".", "")) for b in one["buckets"]) == int(
        one["total"]["open_amount"]["amount"].replace(".", "")
    )
    buckets = {b["bucket"]: b["open_amount"]["amount"] for b in one["buckets"] if b["items"]}
    return {**buckets, "total": one["total"]["open_amount"]["amount"]}


async def _half_paid(api: LedgerApi) -> tuple[Json, Json, Json]:
    """Two invoices, the older one paid, the newer in part, and 3,050 left over."""
    await opened(api)
    await api.advance(instant("2026-01-31"))
    old = await api.do("/invoices", bill("2026-0117", "11300.00", "2026-01-17"))
    new = await api.do("/invoices", bill("2026-0131", "8000.00", "2026-01-31"))
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
    return old, new, paid


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
    async def test_issue_answers_the_new_state(self, api: LedgerApi) -> None:
        account = await opened(api)
        await api.advance(instant("2026-01-31"))
        answer = await api.post("/invoices", bill("2026-0131", "8000.00", "2026-01-31"))

        new = answer.json()
        assert (answer.status_code, answer.headers["etag"]) == (201, '"v1"')
        assert new == {
            "id": new["id"],
            "version": 1,
            "legal_entity": "CN01",
            "account_id": account["id"],
            "account_number": "C-1001",
            "number": "2026-0131",
            "status": "open",
            "issued_on": "2026-01-31",
            "total": cny("8000.00"),
            "open_amount": cny("8000.00"),
            "terms": {
                "portions": [
                    {
                        "anchor": "invoice",
                        "anchor_on": "2026-01-31",
                        "cutoff_day": None,
                        "month_end": "none",
                        "add_months": 0,
                        "add_days": 30,
                        "fixed_day": None,
                        "order": "month_first",
                        "percent": "100",
                    }
                ],
                "discounts": [],
            },
            "affected": [],
            "installments": [
                {
                    "installment": 1,
                    "open_item_id": new["installments"][0]["open_item_id"],
                    "due_on": "2026-03-02",
                    "amount": cny("8000.00"),
                    "discounts": [],
                    "open_amount": cny("8000.00"),
                    "days_past_due": -30,
                }
            ],
            "as_of": "2026-01-31",
            "as_known": "2026-01-31T04:00:00Z",
            "allocations": [],
        }

    async def test_from_invoice_to_aging(self, api: LedgerApi) -> None:
        """Receive, allocate by number, and see the balance of every day on the way."""
        await _half_paid(api)
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

    async def test_lists_and_details_tell_the_same(self, api: LedgerApi) -> None:
        old, new, paid = await _half_paid(api)
        shown = await api.ask(f"/payments/{paid['id']}")
        assert (shown["payer"], shown["status"]) == ("张三", "received")
        given = {a["invoice_number"]: a["amount"]["amount"] for a in shown["allocations"]}
        assert given == {"2026-0117": "11300.00", "2026-0131": "5650.00"}
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


class TestDryRun:
    async def test_answers_what_would_be_and_stores_nothing(self, api: LedgerApi) -> None:
        await opened(api)
        before = await api.stored()

        answer = await api.post("/invoices?dry_run=true", bill("I-1", "1.00", "2026-01-05"))

        assert (answer.status_code, answer.json()["status"]) == (200, "open")
        assert await api.stored() == before
