"""Lives through the IBM ledger day by day, with a contact and a promise on the way.

Everything is asked over HTTP. The data set is not part of the project: DUEBOOK_REAL_DATA names it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
import pytest

from services.cli.client.addresses import roots_of
from services.cli.installed import SERVICES
from tests.journeys import ibm_oracle as oracle
from tests.support import digest
from tests.support.running import ROOT, duebook

REAL_DATA: Final = os.environ.get("DUEBOOK_REAL_DATA")
needs_data = pytest.mark.skipif(REAL_DATA is None, reason="DUEBOOK_REAL_DATA is not set")

ENTITY: Final = "IBM01"
ZONE: Final = "Asia/Shanghai"
FIRST_DAY: Final = date(2012, 1, 1)
PROMISE_DAY: Final = date(2012, 6, 1)  # The clock stands there when somebody calls.
LAST_DAY: Final = date(2014, 1, 31)
PHASES: Final = ((FIRST_DAY, PROMISE_DAY), (PROMISE_DAY, LAST_DAY))  # Before the call, and after.
CLOCK_START: Final = "2011-12-31T16:00:00Z"  # 00:00 of the first day in ZONE.
PAGE: Final = 500
SETTLED_S_MAX: Final = 120.0

Item = Mapping[str, Any]


class System(Protocol):
    """Is a running Duebook that can live through the story: in one process, or in six."""

    @property
    def url(self) -> str:
        """Gives what `--url` takes: the address of all services, or of each."""
        ...

    def database_url(self, service: str) -> str:
        """Gives the address for the owner of the database, who sees every event."""
        ...

    def verify(self) -> None:
        """Fails with what `duebook verify` said if anything differs."""
        ...


def data_file() -> Path:
    (path,) = Path(REAL_DATA or "").glob("ibm-accounts-receivable/*.csv")
    return path


def invoices() -> list[oracle.Invoice]:
    return oracle.read_invoices(data_file())


def promised(items: Sequence[oracle.Invoice]) -> oracle.Invoice:
    """Finds the item somebody calls about: overdue on the day of the call, paid later."""
    late = [item for item in items if item.due_on < PROMISE_DAY and item.is_open(PROMISE_DAY)]
    return min(late, key=lambda item: (item.account, item.number))


def import_arguments(url: str, first: date, last: date, patience_s: int = 60) -> list[str]:
    map_file = ROOT / "tests" / "journeys" / "ibm_map.toml"
    return [
        *("import", "ledger", str(data_file()), "--map", str(map_file), "--url", url),
        *("--drive-clock", "--from", first.isoformat(), "--to", last.isoformat()),
        *("--patience", str(patience_s)),
    ]


def run_import(url: str, first: date, last: date) -> None:
    """Runs the import; only lines after its last day are refused."""
    done = duebook(*import_arguments(url, first, last), timeout_s=1500)
    refused = [line for line in done.stderr.splitlines() if line.startswith("line ")]
    assert done.returncode in (0, 3), done.stderr[-3000:]
    assert all("after-the-last-day" in line for line in refused), refused[:10]


class Book:
    """Asks the running services over HTTP. A path begins with the name of its service."""

    def __init__(self, url: str) -> None:
        self._roots = roots_of(url)
        self._client = httpx.Client(timeout=30)

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, **query: str | int) -> Any:
        answer = self._client.get(self._address(path), params=query)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def post(self, path: str, key: str, body: Mapping[str, object]) -> Any:
        answer = self._client.post(self._address(path), json=body, headers={"Idempotency-Key": key})
        assert answer.status_code in (200, 201), (path, answer.text)
        return answer.json()

    def all(self, path: str, **query: str | int) -> Iterator[Item]:
        """Reads every item of a list, page after page."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit=PAGE, **query, **cursor)
            yield from page["items"]
            if page["next"] is None or not page["items"]:
                return
            cursor = {"cursor": page["next"]}

    def account_ids(self) -> dict[str, str]:
        found = self.all("/ledger/v1/accounts", legal_entity=ENTITY)
        return {account["number"]: account["id"] for account in found}

    def wait_settled(self) -> None:
        """Waits until all is settled, twice in a row with the same ends."""
        deadline, before = time.monotonic() + SETTLED_S_MAX, None
        while time.monotonic() < deadline:
            clocks = [self.get(f"/{name}/clock") for name in SERVICES]
            ends = [clock["end_offsets"] for clock in clocks]
            settled = all(clock["settled"] for clock in clocks)
            if settled and ends == before:
                return
            before = ends if settled else None
            time.sleep(0.05)
        raise AssertionError(f"not settled: {clocks}")

    def records(self) -> int:
        """Counts the records of the log; a killed relay may have published some twice."""
        ends = self.get("/dunning/clock")["end_offsets"]
        return sum(sum(offsets) for offsets in ends.values())

    def _address(self, path: str) -> str:
        service, _, rest = path.removeprefix("/").partition("/")
        return f"{self._roots[service]}/{rest}"


def call_about(book: Book, item: oracle.Invoice) -> None:
    """Records a contact, and a promise to pay on the day it will be paid."""
    account = {"legal_entity": ENTITY, "number": item.account}
    open_items = book.all("/ledger/v1/open-items", account_id=book.account_ids()[item.account])
    about = next(one["id"] for one in open_items if one["number"] == item.number)
    amount = f"{item.amount_minor // 100}.{item.amount_minor % 100:02}"
    book.post(
        "/dunning/v1/contacts",
        "story-contact",
        {
            "account": account,
            "channel": "phone",
            "open_item_ids": [about],
            "outcome": "promised",
            "text": "will pay when the goods are sold",
        },
    )
    book.post(
        "/dunning/v1/promises",
        "story-promise",
        {
            "account": account,
            "amount": {"amount": amount, "currency": "CNY"},
            "promised_on": item.settled_on.isoformat(),
        },
    )
    book.wait_settled()


@dataclass(frozen=True)
class Outcome:
    """Holds what two runs of the story must have in common."""

    digests: Mapping[str, str]
    alerts: Sequence[tuple[str, str, int, str]]
    notices: int
    tasks: int


def outcome(system: System, book: Book) -> Outcome:
    feed = book.all("/dunning/v1/overdue-alerts")
    return Outcome(
        digests=asyncio.run(digest.of_databases(system.database_url)),
        alerts=sorted(
            (one["event"], one["invoice_number"], one["threshold_days"], one["effective_on"])
            for one in feed
        ),
        notices=sum(1 for _ in book.all("/dunning/v1/notices")),
        tasks=sum(1 for _ in book.all("/dunning/v1/tasks")),
    )


@dataclass(frozen=True)
class Lived:
    """Holds the story after its last day, before anybody changed what it came to."""

    system: System
    book: Book
    invoices: list[oracle.Invoice]
    reviews: list[oracle.Review]
    outcome: Outcome


def live_through(
    system: System,
    during: Callable[[int], AbstractContextManager[None]] = lambda n: nullcontext(),
) -> Lived:
    """Lives through the whole story on a new system. `during` surrounds each of the two phases."""
    items, book = invoices(), Book(system.url)
    for n, (first, last) in enumerate(PHASES):
        with during(n):
            run_import(system.url, first, last)
        if n == 0:
            call_about(book, promised(items))
    book.wait_settled()
    return Lived(
        system,
        book,
        items,
        oracle.reviews(items),
        outcome(system, book),
    )
