"""Each command of the ledger answers what its query shows afterwards."""

from __future__ import annotations

import pytest

from tests.support.ledger_api import LedgerApi
from tests.support.ledger_bodies import ACCOUNT, ENTITY, TERMS, bill, cny, instant, pay
from tests.support.resources import Compared

pytestmark = pytest.mark.connected


async def test_every_command_answers_what_is_shown_afterwards(api: LedgerApi) -> None:
    await api.advance(instant("2026-01-31"))
    compared = Compared(api.host.app, api.client)
    look = compared.shown_alike

    await look(await api.post("/legal-entities", ENTITY))
    change = "/legal-entities/CN01:change-take-over-date"
    moved = await look(await api.post(change, {"take_over_on": "2026-01-31"}))
    assert moved["take_over_on"] == "2026-01-31"
    account = await look(await api.post("/accounts", ACCOUNT))
    assert account["name"] == ACCOUNT["name"]
    details = {"phone": "+86 21 5555 0199"}
    changed = await look(await api.post(f"/accounts/{account['id']}:change-details", details))
    assert changed["phone"] == details["phone"]
    first = await look(
        await api.post("/invoices", bill("I-1", "100.00", "2026-01-31", terms=TERMS))
    )
    second = await look(await api.post("/invoices", bill("I-2", "50.00", "2026-01-31")))
    wrong = await look(await api.post("/invoices", bill("I-3", "70.00", "2026-01-31", terms=None)))
    canceled = await look(await api.post(f"/invoices/{wrong['id']}:cancel"))
    assert canceled["status"] == "canceled"

    paid = await look(await api.post("/payments", pay("P-1", "120.00", "2026-01-31", payer="张三")))
    assert paid["payer"] == "张三"
    shares = [
        {"invoice": {"id": second["id"]}, "amount": cny("20.00")},
        {"invoice": {"id": first["id"]}, "amount": cny("30.00")},
    ]
    given = await look(await api.post(f"/payments/{paid['id']}:allocate", {"allocations": shares}))
    assert [each["invoice_number"] for each in given["allocations"]] == ["I-1", "I-2"]
    rest = await look(await api.post(f"/payments/{paid['id']}:allocate", {"rule": "oldest_first"}))
    assert rest["unallocated_amount"] == cny("0.00")
    back = await look(await api.post(f"/payments/{paid['id']}:reverse", {"reason": "bounced"}))
    assert (back["reason"], back["reversed_on"]) == ("bounced", "2026-01-31")

    now = {"now": instant("2026-02-01").isoformat()}
    await look(await api.client.post("/clock", json=now))
    await look(await api.client.post(f"/parked/{first['id']}:retry"))
    assert compared.left == set()
