"""From what ledger says to what dunning answers, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.dunning.contract.inbox import InvoicePaymentUnapplied
from shared.kernel.ids import derived
from tests.support.dunning import (
    ACCOUNT,
    COLLECTOR,
    DUE,
    INVOICE,
    ITEM_A,
    ITEM_B,
    after,
    allocated,
    applied,
    approached,
    at,
    became_overdue,
    cured,
    reached,
    yuan,
)
from tests.support.dunning_bodies import CONTACT, INVOICE_B, NOW, PROMISE, overdue, two_items
from tests.support.dunning_running import RunningDunning

pytestmark = pytest.mark.connected

PAYMENT = UUID(int=33)


async def paid(dunning: RunningDunning) -> None:
    for item, stream in ((ITEM_A, INVOICE), (ITEM_B, INVOICE_B)):
        await dunning.hear(applied(item, 0), after(1), NOW, stream=stream)
        await dunning.hear(cured(item), after(1), NOW, stream=stream)
    await dunning.settled()


class TestCases:
    async def test_collect_the_items_of_an_account_until_nothing_is_overdue(
        self, dunning: RunningDunning
    ) -> None:
        await overdue(dunning)
        (case,) = await dunning.items("/v1/cases", status="open")

        assert case["account"]["number"] == "C-1001"
        assert case["open_amount"] == {"amount": "3550.50", "currency": "CNY"}
        assert [item["open_item_id"] for item in case["items"]] == [str(ITEM_A), str(ITEM_B)]

        await paid(dunning)

        assert await dunning.items("/v1/cases", status="open") == []
        (closed,) = await dunning.items("/v1/cases", status="closed")
        assert (closed["id"], closed["items"]) == (case["id"], [])
        assert closed["closed_on"] == after(2).isoformat()


class TestNoticesAndTasks:
    async def test_are_one_each_for_two_items(self, dunning: RunningDunning) -> None:
        await overdue(dunning)
        (notice,) = await dunning.items("/v1/notices", step=1)
        (task,) = await dunning.items("/v1/tasks", step=1, status="open")

        assert (notice["status"], notice["channel"], notice["grade"]) == (
            "accepted",
            "email",
            "较差",
        )
        assert [item["open_amount"]["amount"] for item in notice["items"]] == [
            "2350.00",
            "1200.50",
        ]
        assert (task["kind"], len(task["items"])) == ("phone", 2)
        assert len(list(dunning.mail.rglob("*.duebook"))) == 1

    async def test_go_out_before_the_due_date_too(self, dunning: RunningDunning) -> None:
        await two_items(dunning)
        for item, stream in ((ITEM_A, INVOICE), (ITEM_B, INVOICE_B)):
            await dunning.hear(approached(item), after(-3), at(after(-3)), stream=stream)
        await dunning.settled()
        await dunning.move(at(after(-3), 1))

        (notice,) = await dunning.items("/v1/notices", step=-3, written_on=after(-3).isoformat())
        assert (notice["template"], len(notice["items"])) == ("pre_due", 2)
        assert await dunning.items("/v1/cases") == []

    async def test_wait_while_ledger_is_away(self, dunning: RunningDunning) -> None:
        await dunning.move(at(after(1)))
        dunning.ledger.is_away = True
        await two_items(dunning)
        await dunning.hear(became_overdue(ITEM_A), after(1), at(after(1)), stream=INVOICE)
        await dunning.settled()
        await dunning.http.post("/clock", json={"now": at(after(1), 1).isoformat()})
        for _ in range(200):
            if await dunning.items("/v1/notices", status="queued"):
                break
            await asyncio.sleep(0.02)
        assert list(dunning.mail.rglob("*.duebook")) == []

        dunning.ledger.is_away = False
        await dunning.settled()

        (notice,) = await dunning.items("/v1/notices")
        assert notice["status"] == "accepted"
        assert notice["message_id"] == f"<{notice['id']}@duebook.invalid>"

    async def test_are_completed_by_a_person(self, dunning: RunningDunning) -> None:
        await overdue(dunning)
        (task,) = await dunning.items("/v1/tasks")
        done = await dunning.post(
            f"/v1/tasks/{task['id']}:complete", {"outcome": "reached"}, "done-1"
        )
        again = await dunning.post(
            f"/v1/tasks/{task['id']}:complete", {"outcome": "reached"}, "done-2"
        )

        assert (done.status_code, done.json()["status"]) == (200, "completed")
        assert (again.status_code, again.headers["etag"]) == (200, '"v2"')
        await dunning.settled()
        assert await dunning.items("/v1/tasks", status="open") == []


class TestOverdueAlerts:
    async def test_are_a_feed_with_a_recovery_for_each(self, dunning: RunningDunning) -> None:
        await overdue(dunning)
        await dunning.move(at(after(30)))
        await dunning.hear(reached(30, ITEM_A), after(30), at(after(30)), stream=INVOICE)
        await dunning.settled()
        raised = await dunning.get("/v1/overdue-alerts", limit=2)
        rest = await dunning.get("/v1/overdue-alerts", limit=2, cursor=raised["next"])

        assert [alert["event"] for alert in raised["items"] + rest["items"]] == ["raised"] * 3
        first = raised["items"][0]
        assert (first["grade"], first["collector_id"]) == ("较差", str(COLLECTOR))
        assert first["alert_id"] == first["id"]
        assert first["alert_id"] == str(derived(derived(INVOICE, "event", 2), 1, "default@1"))

        nothing = await dunning.get("/v1/overdue-alerts", limit=2, cursor=rest["next"])
        assert (nothing["items"], bool(nothing["next"])) == ([], True)

        await paid(dunning)
        later = await dunning.get("/v1/overdue-alerts", cursor=nothing["next"])
        ids = {alert["alert_id"] for alert in raised["items"] + rest["items"]}
        assert {alert["event"] for alert in later["items"]} == {"recovered"}
        assert {alert["alert_id"] for alert in later["items"]} == ids
        assert len(later["items"]) == 3

    async def test_can_be_waited_for(self, dunning: RunningDunning) -> None:
        await two_items(dunning)
        await dunning.settled()
        empty = await dunning.get("/v1/overdue-alerts")
        waiting = asyncio.create_task(
            dunning.http.get(
                "/v1/overdue-alerts",
                params={"cursor": empty["next"]},
                headers={"prefer": "wait=20"},
            )
        )
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await dunning.hear(became_overdue(ITEM_A), after(1), at(after(1)), stream=INVOICE)

        assert len((await asyncio.wait_for(waiting, 10)).json()["items"]) == 1
        await dunning.settled()

    async def test_raise_again_with_another_id_when_overdue_again(
        self, dunning: RunningDunning
    ) -> None:
        await overdue(dunning)
        await paid(dunning)
        back = InvoicePaymentUnapplied(open_item_id=ITEM_A, open_amount=yuan(235_000))
        await dunning.hear(back, after(2), NOW, stream=INVOICE)
        await dunning.hear(became_overdue(ITEM_A), after(2), NOW, stream=INVOICE)
        await dunning.move(at(after(2), 1))

        feed = await dunning.get("/v1/overdue-alerts", open_item_id=str(ITEM_A))
        alerts = feed["items"]
        assert [alert["event"] for alert in alerts] == ["raised", "recovered", "raised"]
        assert alerts[2]["alert_id"] != alerts[0]["alert_id"]
        (case,) = await dunning.items("/v1/cases", status="open")
        assert case["opened_on"] == after(2).isoformat()


class TestWorkList:
    async def test_goes_by_amount_and_drops_tasks_of_what_is_paid(
        self, dunning: RunningDunning
    ) -> None:
        await overdue(dunning)
        work = await dunning.items("/v1/work-list", limit=1)

        assert {entry["kind"] for entry in work} == {"case", "task"}
        assert {entry["open_amount"]["amount"] for entry in work} == {"3550.50"}
        assert {entry["grade"] for entry in work} == {"较差"}
        assert {entry["collector_id"] for entry in work} == {str(COLLECTOR)}
        assert len(await dunning.items("/v1/work-list", collector_id=str(UUID(int=1)))) == 0

        await paid(dunning)

        assert await dunning.items("/v1/work-list") == []
        assert await dunning.items("/v1/tasks", status="open") == []
        (task,) = await dunning.items("/v1/tasks", status="withdrawn")
        assert (task["outcome"], task["ended_on"]) == ("nothing_owed", after(2).isoformat())


def money(amount: str, currency: str = "CNY") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


async def pay(dunning: RunningDunning, id: int, minor: int, value_on: date, now: datetime) -> None:
    await dunning.hear(allocated((id, minor), value_on=value_on), value_on, now, stream=PAYMENT)
    await dunning.settled()


class TestContactsAndPromises:
    async def test_appear_in_the_collection_ledger_with_what_was_said(
        self, dunning: RunningDunning
    ) -> None:
        await overdue(dunning)
        contact = await dunning.post("/v1/contacts", CONTACT, "c-1")
        promise = await dunning.post("/v1/promises", PROMISE, "p-1")
        assert (contact.status_code, promise.status_code) == (201, 201)
        await dunning.settled()

        entries = await dunning.items("/v1/collection-ledger", account_id=str(ACCOUNT), limit=2)
        kinds = [f"{entry['kind']}.{entry['event']}" for entry in entries]
        assert sorted(kinds) == sorted(
            [
                "case.opened",
                "case.open_item_added",
                "case.open_item_added",
                "case.step_taken",
                "overdue_alert.raised",
                "overdue_alert.raised",
                "notice.queued",
                "notice.accepted",
                "task.opened",
                "contact.recorded",
                "promise.made",
            ]
        )
        (said,) = await dunning.items("/v1/collection-ledger", kind="contact")
        assert said["note"] == {"contact_person": "王芳", "text": "下周付款"}
        assert "王芳" not in str(said["details"])
        assert (said["day"], said["account"]["number"]) == (after(2).isoformat(), "C-1001")
        (shown,) = await dunning.items("/v1/contacts")
        assert shown["note"]["text"] == "下周付款"
        assert await dunning.items("/v1/collection-ledger", day=DUE.isoformat()) == []
        between = {"day_from": after(1).isoformat(), "day_to": after(1).isoformat()}
        assert len(await dunning.items("/v1/collection-ledger", **between)) == 9

    async def test_keep_a_promise_when_the_cash_comes_in_time(
        self, dunning: RunningDunning
    ) -> None:
        await overdue(dunning)
        await pay(dunning, 1, 235_000, after(1), at(after(1)))  # Before it was promised.
        made = await dunning.post("/v1/promises", PROMISE, "p-1")
        assert made.json()["status"] == "open"
        await dunning.settled()
        await pay(dunning, 2, 200_000, after(8), NOW)
        await pay(dunning, 3, 35_000, after(10), NOW)  # Too late.
        (promise,) = await dunning.items("/v1/promises", status="open")
        await pay(dunning, 4, 35_000, after(9), NOW)

        kept = await dunning.get(f"/v1/promises/{promise['id']}")
        assert (kept["status"], kept["kept_on"]) == ("kept", after(9).isoformat())
        assert kept["received"]["amount"] == "2350.00"
        assert kept["note"] == {"text": "答应了"}


NOBODY = str(UUID(int=404))
BAD = [
    ("contacts", {"account": {"id": NOBODY}}, "unknown-account", "/account"),
    ("contacts", {"open_item_ids": [NOBODY]}, "unknown-open-item", "/open_item_ids/0"),
    (
        "contacts",
        {"contacted_at": "2026-03-05T00:00:00Z"},
        "effective-date-out-of-range",
        "/contacted_at",
    ),
    (
        "contacts",
        {"next_step": "call_again", "next_step_on": "2026-03-03"},
        "effective-date-out-of-range",
        "/next_step_on",
    ),
    ("contacts", {"channel": "fax"}, "invalid-value", "/channel"),
    ("contacts", {"outcome": "he said no"}, "invalid-value", "/outcome"),
    ("contacts", {"fax": "1"}, "unknown-field", "/fax"),
    ("promises", {"account": {"id": NOBODY}}, "unknown-account", "/account"),
    ("promises", {"amount": money("-1.00")}, "amount-not-positive", "/amount/amount"),
    ("promises", {"amount": money("1.001")}, "amount-scale", "/amount/amount"),
    ("promises", {"amount": money("1.00", "EUR")}, "currency-mismatch", "/amount/currency"),
    ("promises", {"promised_on": "2026-03-03"}, "promised-date-is-past", "/promised_on"),
    ("promises", {"made_on": "2026-03-06"}, "effective-date-out-of-range", "/made_on"),
]


class TestBadInput:
    @pytest.mark.parametrize(("path", "change", "code", "pointer"), BAD)
    async def test_is_refused_by_name_and_nothing_is_written(
        self,
        dunning: RunningDunning,
        path: str,
        change: dict[str, Any],
        code: str,
        pointer: str,
    ) -> None:
        await two_items(dunning)
        await dunning.move(NOW)
        body = {**(CONTACT if path == "contacts" else PROMISE), **change}
        response = await dunning.post(f"/v1/{path}", body, "bad-1")

        problem = response.json()
        assert (response.status_code, problem["code"]) == (422, code)
        assert problem["errors"][0]["pointer"] == pointer
        await dunning.settled()
        assert await dunning.items("/v1/collection-ledger") == []

    async def test_is_a_number_used_twice(self, dunning: RunningDunning) -> None:
        await two_items(dunning)
        await dunning.move(NOW)
        for path, body in (("contacts", CONTACT), ("promises", PROMISE)):
            first = await dunning.post(f"/v1/{path}", {**body, "number": "N-1"}, f"{path}-1")
            second = await dunning.post(f"/v1/{path}", {**body, "number": "N-1"}, f"{path}-2")

            assert (first.status_code, second.status_code) == (201, 409)
            assert second.json()["code"] == "number-already-used"

    async def test_is_something_that_is_not_there(self, dunning: RunningDunning) -> None:
        for path in ("cases", "tasks", "notices", "contacts", "promises"):
            response = await dunning.http.get(f"/v1/{path}/{UUID(int=404)}")
            assert (response.status_code, response.json()["code"]) == (404, "not-found")
        response = await dunning.post(
            f"/v1/tasks/{UUID(int=404)}:complete", {"outcome": "reached"}, "t-1"
        )
        assert response.status_code == 404

    async def test_is_a_task_done_tomorrow(self, dunning: RunningDunning) -> None:
        await overdue(dunning)
        (task,) = await dunning.items("/v1/tasks")
        response = await dunning.post(
            f"/v1/tasks/{task['id']}:complete",
            {"outcome": "reached", "completed_on": after(3).isoformat()},
            "t-1",
        )
        assert response.json()["code"] == "effective-date-out-of-range"

    async def test_is_a_task_done_again_with_another_outcome(self, dunning: RunningDunning) -> None:
        """Seen: it was swallowed."""
        await overdue(dunning)
        (task,) = await dunning.items("/v1/tasks")
        path = f"/v1/tasks/{task['id']}:complete"
        await dunning.post(path, {"outcome": "reached"}, "t-1")
        for n, other in enumerate(
            ({"outcome": "no_answer"}, {"outcome": "reached", "completed_on": after(1).isoformat()})
        ):
            again = await dunning.post(path, other, f"t-2-{n}")
            assert (again.status_code, again.json()["code"]) == (409, "task-already-completed")

    async def test_is_a_cursor_of_another_list(self, dunning: RunningDunning) -> None:
        feed = await dunning.get("/v1/overdue-alerts")
        response = await dunning.http.get("/v1/cases", params={"cursor": feed["next"]})
        assert (response.status_code, response.json()["code"]) == (400, "invalid-cursor")
