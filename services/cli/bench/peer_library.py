"""The same work done with the `eventsourcing` library, as its documentation says it is fastest.

Needs the extra: importing this module without it raises ModuleNotFoundError.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from itertools import count
from typing import Any, Final

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL
from sqlalchemy.engine import make_url

from services.cli.bench.speeds import BenchFailed
from shared.platform.clock import monotonic_s

THREADS: Final = 8  # More save no faster: inserts lock the table.
PROJECTED_S_MAX: Final = 600.0  # until its runner has passed a backlog
LOOK_S: Final = 1.0  # between two looks whether its runner has failed
ISSUED_ON: Final = date(2026, 3, 2).isoformat()
DUE_ON: Final = date(2026, 4, 1).isoformat()

CREATE: Final = """
CREATE TABLE IF NOT EXISTS peer_invoice (
  invoice_id uuid PRIMARY KEY, number text NOT NULL, account text NOT NULL, total text NOT NULL,
  currency text NOT NULL, issued_on text NOT NULL, due_on text NOT NULL)"""
PUT: Final = "INSERT INTO peer_invoice VALUES (%s, %s, %s, %s, %s, %s, %s)"


class Invoice(Aggregate):
    """An invoice with the facts that ours is issued with."""

    def __init__(
        self, number: str, account: str, total: str, currency: str, issued_on: str, due_on: str
    ) -> None:
        self.number = number
        self.account = account
        self.total = total
        self.currency = currency
        self.issued_on = issued_on
        self.due_on = due_on


class Invoices(Application):
    """Saves invoices, one in each transaction: the library has no other way."""

    def issue(self, number: int) -> None:
        facts = (f"I-{number}", f"C-{number % 100}", "1234.50", "CNY", ISSUED_ON, DUE_ON)
        self.save(Invoice(*facts))


class InvoicesView(PostgresTrackingRecorder):
    """A table of invoices, whose rows move together with the place that was reached."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.sql_create_statements.append(SQL(CREATE).format())
        self.put_so_far = 0
        self.wanted = 0
        self.first_s = self.last_s = 0.0
        self.reached = threading.Event()

    def put(self, event: Any, tracking: Tracking) -> None:
        """Writes the row of an invoice, and that its event was taken."""
        if not self.put_so_far:
            self.first_s = monotonic_s()
        facts = (event.number, event.account, event.total, event.currency)
        days = (event.issued_on, event.due_on)
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(PUT, (event.originator_id, *facts, *days), prepare=True)
        self.put_so_far += 1
        self.last_s = monotonic_s()
        if self.put_so_far == self.wanted:
            self.reached.set()


class InvoicesProjection(Projection):
    """Gives each event to the view, as the library's runner asks: one by one."""

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.put(domain_event, tracking)


def environment(url: str) -> Mapping[str, str]:
    """The library's best configuration on this database: functions in it, and a pool for all."""
    parts = make_url(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.database or "",
        "POSTGRES_HOST": str(parts.query["host"]),
        "POSTGRES_PORT": str(parts.query["port"]),
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": "trusted",  # The server asks for none, the library for some.
        "POSTGRES_POOL_SIZE": str(THREADS),
        "POSTGRES_ENABLE_DB_FUNCTIONS": "yes",
    }


@contextmanager
def saving(url: str) -> Iterator[Callable[[Callable[[int], bool]], int]]:
    """Gives what saves invoices from several threads while it is told to go on.

    That is asked with the number of each, and tells how many were saved.
    """
    application = Invoices(env=environment(url))
    numbers = count()

    def save(goes_on: Callable[[int], bool]) -> int:
        def work() -> int:
            saved = 0
            while goes_on(number := next(numbers)):
                application.issue(number)
                saved += 1
            return saved

        with ThreadPoolExecutor(THREADS) as pool:
            return sum(each.result() for each in [pool.submit(work) for _ in range(THREADS)])

    try:
        yield save
    finally:
        application.close()


def projected_s(url: str, events: int) -> float:
    """The seconds its runner takes from the first event of a backlog to the last.

    Raises BenchFailed.
    """
    begin_s = monotonic_s()
    with ProjectionRunner(
        application_class=Invoices,
        projection_class=InvoicesProjection,
        view_class=InvoicesView,
        env=environment(url),
    ) as runner:
        view = runner.projection.view
        view.wanted = events
        if view.put_so_far >= events:  # It began before it was told how many there are.
            view.reached.set()
        while not view.reached.wait(LOOK_S):
            if runner.is_interrupted.is_set() or monotonic_s() - begin_s > PROJECTED_S_MAX:
                raise BenchFailed("the library's runner did not come to the end of a backlog")
        took_s: float = view.last_s - view.first_s
        return took_s
