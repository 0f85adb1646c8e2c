"""Keeps a small book over HTTP with a client that repeats nothing, and counts what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import asyncpg
import httpx

from services.cli.client.clocks import Clocks
from services.cli.client.duebook import Duebook
from services.cli.installed import SERVICES
from shared.kernel.days import start_of_day
from tests.support.databases import apart
from tests.support.installation import Installation

ZONE: Final = "Asia/Shanghai"
CLOCK_START: Final = "2026-01-04T16:00:00Z"  # 00:00 of the first day in the zone.
FIRST_DAY: Final = date(2026, 1, 5)
DUE_LATE_ON: Final = FIRST_DAY + timedelta(days=60)  # nothing happens by then
ENTITY: Final = "CN01"
ENTITY_BODY: Final = {"code": ENTITY, "name": "Us", "time_zone": ZONE, "currency": "CNY"}
AMOUNT_YUAN: Final = 100  # of every invoice
ANSWER_S_MAX: Final = 20.0
LOOK_S: Final = 0.1

DOUBLED: Final = """
SELECT type, data ->> 'threshold' AS threshold, causation, count(*) FROM (
  SELECT type, convert_from(data, 'utf8')::jsonb AS data, headers ->> 'causationid' AS causation,
         stream_id
    FROM es_event WHERE headers ? 'causationid') e
 GROUP BY type, stream_id, threshold, causation HAVING count(*) > 1"""


def yuan(amount: int) -> dict[str, str]:
    return {"amount": f"{amount}.00", "currency": "CNY"}


def account_body(n: int) -> dict[str, Any]:
    return {
        "legal_entity": ENTITY,
        "number": f"A{n}",
        "name": f"Customer {n}",
        "contact_person": {"name": f"Person {n}", "email": f"ap{n}@customer.example"},
    }


def invoice_body(number: str, account: int, due_on: date = DUE_LATE_ON) -> dict[str, Any]:
    return {
        "account": {"legal_entity": ENTITY, "number": f"A{account}"},
        "number": number,
        "issued_on": FIRST_DAY.isoformat(),
        "due_on": due_on.isoformat(),
        "total": yuan(AMOUNT_YUAN),
    }


async def open_book(url: str, accounts: int) -> None:
    """Opens entity and accounts, by our own client."""
    async with Duebook(url) as duebook:
        await duebook.command("ledger", "legal-entities", ENTITY_BODY, key="entity")
        for n in range(accounts):
            await duebook.command("ledger", "accounts", account_body(n), key=f"A{n}")


class SmallBook:
    """Is one entity and its accounts. What was answered 201 must be there at the end, once."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._http = httpx.Client(timeout=ANSWER_S_MAX, trust_env=False)
        self.accounts: list[str] = []  # Ids.
        self.invoices: list[str] = []  # Numbers of those that were accepted.
        self.contacts: list[str] = []

    def close(self) -> None:
        self._http.close()

    def open(self, accounts: int) -> None:
        _accepted(self.command("ledger", "legal-entities", "entity", ENTITY_BODY))
        for n in range(accounts):
            opened = _accepted(self.command("ledger", "accounts", f"A{n}", account_body(n)))
            self.accounts.append(opened.json()["id"])

    def command(self, service: str, path: str, key: str, body: object) -> httpx.Response:
        url = f"{self._installation[f'serve {service}'].url}/v1/{path}"
        return self._http.post(url, json=body, headers={"idempotency-key": key})

    def query(self, service: str, path: str, **params: str) -> httpx.Response:
        url = f"{self._installation[f'serve {service}'].url}/v1/{path}"
        return self._http.get(url, params=params)

    def invoice(self, number: str, due_on: date) -> httpx.Response:
        """Issues on the first day, to one account after the other."""
        body = invoice_body(number, len(self.invoices) % len(self.accounts), due_on)
        answer = self.command("ledger", "invoices", number, body)
        if answer.status_code == httpx.codes.CREATED:
            self.invoices.append(number)
        return answer

    def contact(self, number: str) -> httpx.Response:
        body = {
            "account": self._account(len(self.contacts)),
            "number": number,
            "channel": "phone",
            "outcome": "no_answer",
        }
        answer = self.command("dunning", "contacts", number, body)
        if answer.status_code == httpx.codes.CREATED:
            self.contacts.append(number)
        return answer

    def limit(self, number: int, amount: int) -> httpx.Response:
        path = f"credit-lines/{self.accounts[number]}:set-limit"
        return self.command("credit", path, f"limit-{number}-{amount}", {"limit": yuan(amount)})

    def reports(self, services: Sequence[str] = SERVICES) -> list[tuple[str, int]]:
        """Asks each service one question; gives (service, status)."""
        paths = {
            "ledger": ("reports/aging", {"legal_entity": ENTITY}),
            "credit": ("exposures", {}),
            "dunning": ("work-list", {}),
        }
        found = []
        for service in services:
            path, params = paths[service]
            found.append((service, self.query(service, path, **params).status_code))
        return found

    def count(self, service: str, path: str, **params: str) -> int:
        """Counts all items of a list."""
        found, cursor = 0, None
        while True:  # Until the last page.
            asked = {"limit": "500", **params, **({"cursor": cursor} if cursor else {})}
            page = self.query(service, path, **asked).json()
            found += len(page["items"])
            cursor = page["next"]
            if cursor is None:
                return found

    def move_clocks(self, to: date, hour: int = 0) -> None:
        """Moves clocks to that hour of the day, whoever is behind; asks the workers."""
        instant = start_of_day(to, ZONE) + timedelta(hours=hour)
        for service in SERVICES:
            url = f"{self._installation[f'work {service}'].url}/clock"
            moved = self._http.post(url, json={"now": instant.isoformat()})
            assert moved.status_code == httpx.codes.OK, moved.text

    def advance(self, days: int) -> None:
        """Advances day by day, settled in between."""
        to = start_of_day(FIRST_DAY + timedelta(days=days), ZONE)
        apart(self._with_clocks(lambda clocks: clocks.advance(to)))

    def settle(self) -> None:
        apart(self._with_clocks(lambda clocks: clocks.settle()))

    def mails(self) -> int:
        return sum(1 for path in self._installation.mail.rglob("new/*") if path.is_file())

    def rows(self, service: str, statement: str, *values: object) -> Sequence[asyncpg.Record]:
        """Reads as the owner of everything."""
        url = self._installation.database_url(service)

        async def ask() -> Sequence[asyncpg.Record]:
            connection = await asyncpg.connect(url)
            try:
                return await connection.fetch(statement, *values)
            finally:
                await connection.close()

        return apart(ask())

    def events(self, service: str) -> Mapping[str, int]:
        rows = self.rows(service, "SELECT type, count(*) FROM es_event GROUP BY type")
        return {row[0]: row[1] for row in rows}

    def doubled(self) -> list[tuple[str, ...]]:
        """Finds events that look as if something had been done twice."""
        found = []
        for service in SERVICES:
            found += [tuple(map(str, row)) for row in self.rows(service, DOUBLED)]
        return found

    def _account(self, n: int) -> dict[str, str]:
        return {"legal_entity": ENTITY, "number": f"A{n % len(self.accounts)}"}

    async def _with_clocks(self, work: Callable[[Clocks], Any]) -> Any:
        async with Duebook(self._installation.url) as duebook:
            return await work(Clocks(duebook))


def _accepted(answer: httpx.Response) -> httpx.Response:
    assert answer.status_code in (httpx.codes.OK, httpx.codes.CREATED), answer.text
    return answer


def until(happened: Callable[[], bool], what: str, seconds: float) -> float:
    """Waits for it, and gives how long it took."""
    started_s = time.monotonic()
    while not happened():
        assert time.monotonic() - started_s < seconds, f"{what}: not within {seconds} s"
        time.sleep(LOOK_S)
    return time.monotonic() - started_s
