"""A small story that drives every operation of the three services to an answer of success."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from tests.support.contract_documents import OPERATIONS
from tests.support.ledger_bodies import ACCOUNT, ENTITY, OF, TERMS, bill, cny, pay
from tests.support.served import Caller, Served

DAY: Final = "2026-01-05"
DUE: Final = {"terms": None, "due_on": "2026-01-06"}
THIRTY_DAYS_LATE: Final = datetime(2026, 2, 6, 1, tzinfo=UTC)
QUERIES: Final[Mapping[str, Mapping[str, str]]] = {"/v1/reports/aging": {"legal_entity": "CN01"}}
CONTACT: Final = {"account": OF, "number": "K-1", "channel": "phone", "outcome": "reached"}
PROMISE: Final = {
    "account": OF,
    "number": "P-1",
    "amount": cny("50.00"),
    "promised_on": "2026-02-10",
}
EVENTS: Final = {
    "ledger": "ledger.invoice.issued.v1",
    "credit": "credit.credit_line.limit_set.v1",
    "dunning": "dunning.contact.recorded.v1",
}


def drive(served: Served) -> None:
    """Raises AssertionError for an answer that is none of success."""
    with _callers(served.url) as callers:
        ids = _ledger(callers["ledger"])
        served.advance(THIRTY_DAYS_LATE)
        account = str(ids["/v1/accounts/{id}"])
        limit = {"limit": cny("20000.00")}
        callers["credit"].post(f"/v1/credit-lines/{account}:set-limit", limit)
        ids |= _dunning(callers["dunning"])
        _batches(callers, account, str(ids["/v1/tasks/{id}"]))
        served.advance(THIRTY_DAYS_LATE)
        for service in callers:
            callers[service].post(f"/parked/{account}:retry", None)
        files = {service: _import(caller) for service, caller in callers.items()}
        for service, method, path in OPERATIONS:
            if method == "get":
                known = {"id": ids.get(path, files[service]), "code": "CN01", "account_id": account}
                known["stream_id"] = account
                named = path.format(**known, name=EVENTS[service])
                callers[service].get(named, **QUERIES.get(path, {}))


def _ledger(ledger: Caller) -> dict[str, Any]:
    """An entity, an account, and three invoices: one overdue, one paid and bounced, one canceled.

    Gives the id for each path with one.
    """
    ledger.post("/v1/legal-entities", ENTITY)
    later = {**ENTITY, "code": "CN02", "take_over_on": "2026-02-01"}
    ledger.post("/v1/legal-entities", later)
    moved = {"take_over_on": "2026-03-01"}
    ledger.post("/v1/legal-entities/CN02:change-take-over-date", moved)
    account = ledger.post("/v1/accounts", ACCOUNT).json()["id"]
    ledger.post(f"/v1/accounts/{account}:change-details", {"email": "ap@customer.example"})
    ledger.post("/v1/invoices", bill("I-0", "1.00", DAY), dry_run="true")
    ledger.post("/v1/terms:preview", {"terms": TERMS, "issued_on": DAY, "total": cny("1.00")})
    ledger.post("/v1/invoices", bill("I-4", "100.00", DAY, terms=TERMS), dry_run="true")
    invoices = {
        number: ledger.post("/v1/invoices", bill(number, "100.00", DAY, **DUE)).json()
        for number in ("I-1", "I-2", "I-3")
    }
    payment = ledger.post("/v1/payments", pay("R-1", "100.00", DAY)).json()["id"]
    share = {"invoice": {"number": "I-2"}, "amount": cny("100.00")}
    ledger.post(f"/v1/payments/{payment}:allocate", {"allocations": [share]})
    ledger.post(f"/v1/payments/{payment}:reverse", {"reason": "bounced"})
    ledger.post(f"/v1/invoices/{invoices['I-3']['id']}:cancel", {})
    ledger.post("/clock", {"now": f"{DAY}T01:00:00Z"})
    return {
        "/v1/accounts/{id}": account,
        "/v1/invoices/{id}": invoices["I-1"]["id"],
        "/v1/payments/{id}": payment,
        "/v1/open-items/{id}": invoices["I-1"]["installments"][0]["open_item_id"],
    }


def _dunning(dunning: Caller) -> dict[str, Any]:
    """A contact, a promise, a task that is done; what dunning opened by itself is found."""
    listed = {
        f"/v1/{things}/{{id}}": dunning.get(f"/v1/{things}", **asked).json()["items"][0]["id"]
        for things, asked in (("cases", {}), ("tasks", {"status": "open"}), ("notices", {}))
    }
    dunning.post(f"/v1/tasks/{listed['/v1/tasks/{id}']}:complete", {"outcome": "reached"})
    return {
        **listed,
        "/v1/contacts/{id}": dunning.post("/v1/contacts", CONTACT).json()["id"],
        "/v1/promises/{id}": dunning.post("/v1/promises", PROMISE).json()["id"],
    }


def _import(caller: Caller) -> str:
    """A file with a line that is refused: what can be asked of it, and its id."""
    id: str = caller.send("/v1/imports", b'{"resource": "ships"}').json()["id"]
    for verb in ("cancel", "resume"):
        caller.post(f"/v1/imports/{id}:{verb}", None)
    return id


def _batches(callers: Mapping[str, Caller], account: str, task: str) -> None:
    """A line for each resource that has commands, accepted, without effect."""
    created: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
        "ledger": {
            "legal-entities": {**ENTITY, "code": "CN03"},
            "accounts": {**ACCOUNT, "number": "C-9"},
            "invoices": bill("I-9", "1.00", DAY),
            "payments": pay("R-9", "1.00", DAY),
        },
        "credit": {},
        "dunning": {
            "contacts": {**CONTACT, "number": "K-9"},
            "promises": {**PROMISE, "number": "P-9"},
        },
    }
    limit = {"action": "set-limit", "id": account, "body": {"limit": cny("1.00")}}
    done = {"action": "complete", "id": task, "body": {"outcome": "reached"}}
    lines: list[tuple[str, str, Mapping[str, Any]]] = [
        ("credit", "credit-lines", limit),
        ("dunning", "tasks", done),
        *((of, name, {"body": body}) for of in created for name, body in created[of].items()),
    ]
    for service, resource, line in lines:
        path = f"/v1/{resource}:batch"
        (item,) = callers[service].post(path, {"items": [line]}, dry_run="true").json()["items"]
        assert item["status"] == 200, (path, item)


@contextmanager
def _callers(url: str) -> Iterator[Mapping[str, Caller]]:
    callers = {service: Caller(url, service) for service in EVENTS}
    try:
        yield callers
    finally:
        for caller in callers.values():
            caller.close()
