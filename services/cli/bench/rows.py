"""What a bench asks a server for: the requests of each row, and the books they need."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from services.cli.bench.bench_echo import ECHO_PATH
from services.cli.bench.http_load import Load, Question
from services.cli.bench.plan import AGING, ALLOCATE, APART, ECHO, ISSUE, STEADY_ITEMS, Plan
from services.cli.client.duebook import Duebook, Json
from shared.platform.codec import to_json

GROWING: Final = "GROWING"  # The legal entity whose books grow while it is measured,
STEADY: Final = "STEADY"  # and the one whose aging is asked for: its books stay as they are.
ACCOUNTS: Final = 100  # of each
# A payment's answer names all that was given of it, so one that gave too often is not asked.
ALLOCATIONS_EACH: Final = 50  # of one payment
ALLOCATIONS_S_MAX: Final = 4000  # a second; more than one process does


@dataclass
class Server:
    """A ledger with an echo, and the load on it."""

    duebook: Duebook
    load: Load
    works: bool  # Its read models are waited for; without workers nothing follows.
    payments: int = field(default=0)  # Made so far, for allocations.


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    server: Server
    status: int  # Of every answer.
    question: Callable[[float], Awaitable[Question]]  # For a round of so many seconds.


def rows_of(plan: Plan, together: Server, apart: Server | None, today: date) -> Sequence[Row]:
    """The rows of the plan in their order, the echo first."""
    rows = [Row(ECHO, together, 200, _always(echo_of(together.load, today)))]
    if plan.wants(ISSUE):
        rows.append(Row(ISSUE, together, 201, _always(issue_of(together.load, today))))
    if apart is not None and plan.wants(APART):
        rows.append(Row(APART, apart, 201, _always(issue_of(apart.load, today))))
    if apart is not None and plan.wants(ALLOCATE):
        server = apart
        rows.append(Row(ALLOCATE, server, 200, lambda seconds: _allocate(server, seconds, today)))
    if plan.wants(AGING):
        asked = f"/ledger/v1/reports/aging?legal_entity={STEADY}"
        request = together.load.request("GET", asked, {})
        rows.append(Row(AGING, together, 200, _always(lambda number: request)))
    return rows


async def open_books(duebook: Duebook, today: date, codes: Sequence[str]) -> None:
    """Opens legal entities with their accounts; the steady one has open items."""
    for code in codes:
        entity = {"code": code, "name": code, "time_zone": "UTC", "currency": "CNY"}
        await duebook.command("ledger", "/legal-entities", entity, key=code)
        accounts = (
            {"legal_entity": code, "number": f"C-{number}", "name": f"Customer {number}"}
            for number in range(ACCOUNTS)
        )
        await asyncio.gather(
            *(
                duebook.command("ledger", "/accounts", body, key=f"{code} {body['number']}")
                for body in accounts
            )
        )
    if STEADY in codes:
        items = [invoice_of(STEADY, number, today) for number in range(STEADY_ITEMS)]
        await _entered(duebook, "/invoices", items)


async def _entered(duebook: Duebook, path: str, bodies: Sequence[Json]) -> Sequence[Json]:
    """Enters all of them, and gives what was answered."""
    asked = (
        duebook.command("ledger", path, body, key=f"{path} {body['account']} {body['number']}")
        for body in bodies
    )
    return [answer.body for answer in await asyncio.gather(*asked)]


def _always(question: Question) -> Callable[[float], Awaitable[Question]]:
    async def same(seconds: float) -> Question:
        return question

    return same


def echo_of(load: Load, today: date) -> Question:
    """Asks for an invoice to be said back."""
    return lambda number: load.request(
        "POST", ECHO_PATH, {}, to_json(invoice_of(GROWING, number, today))
    )


def issue_of(load: Load, today: date) -> Question:
    """Asks for a further invoice to be issued."""

    def issue(number: int) -> bytes:
        key = {"idempotency-key": f"invoice {number}"}
        body = to_json(invoice_of(GROWING, number, today))
        return load.request("POST", "/ledger/v1/invoices", key, body)

    return issue


async def _allocate(server: Server, seconds: float, today: date) -> Question:
    """Gives a cent of one payment after another to its own invoice, over and over."""
    count = math.ceil(seconds * ALLOCATIONS_S_MAX / ALLOCATIONS_EACH)
    numbers = range(server.payments, server.payments + count)
    server.payments += count
    invoices = [{**invoice_of(GROWING, n, today), "number": f"I-{n}"} for n in numbers]
    await _entered(server.duebook, "/invoices", invoices)
    payments = [_payment(n, today) for n in numbers]
    ids = [body["id"] for body in await _entered(server.duebook, "/payments", payments)]
    cent = {"amount": "0.01", "currency": "CNY"}
    bodies = [
        to_json({"allocations": [{"invoice": {"number": f"I-{n}"}, "amount": cent}]})
        for n in numbers
    ]

    def allocate(number: int) -> bytes:
        at = number % count
        key = {"idempotency-key": f"allocation {number}"}
        path = f"/ledger/v1/payments/{ids[at]}:allocate"
        return server.load.request("POST", path, key, bodies[at])

    return allocate


def invoice_of(code: str, number: int, today: date) -> Json:
    """The body of an invoice of a round number."""
    return {
        "account": {"legal_entity": code, "number": f"C-{number % ACCOUNTS}"},
        "number": f"B-{number}",
        "issued_on": today,
        "total": {"amount": "1234.50", "currency": "CNY"},
        "terms": {"anchor": "invoice", "add_days": 30},
    }


def _payment(number: int, today: date) -> Json:
    return {
        "account": {"legal_entity": GROWING, "number": f"C-{number % ACCOUNTS}"},
        "number": f"P-{number}",
        "amount": {"amount": "1234.50", "currency": "CNY"},
        "value_on": today,
        "method": "transfer",
    }
