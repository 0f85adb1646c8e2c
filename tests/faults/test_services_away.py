"""Broker, database or service away, in any order: what can go on goes on, the rest waits in peace.

One installation lives through all of it; the tests are its story and run in their order.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest

from tests.support.brokers import Brokers
from tests.support.databases import StoppableServer, stoppable_server
from tests.support.installation import Installation, installed
from tests.support.small_book import CLOCK_START, DUE_LATE_ON, FIRST_DAY, SmallBook, until
from tests.support.watching import Listener, Meter

pytestmark = [pytest.mark.faults, pytest.mark.connected, pytest.mark.timeout(240)]

ACCOUNTS: Final = 6
DUE_EARLY: Final = 12  # invoices that are overdue on the third day
DUE_EARLY_ON: Final = FIRST_DAY + timedelta(days=1)
DUE_SOON_ON: Final = FIRST_DAY + timedelta(days=10)  # a week after the first notices

RAISED: Final = "dunning.overdue_alert.raised.v1"
AWAY_S: Final = 8.0  # of watching while something is away
BUSY_S: Final = 4.0  # of posting before
ANSWER_S_MAX: Final = 5.0  # "within seconds"
BACK_S_MAX: Final = 45.0  # for everything to catch up
CORE_SHARE_MAX: Final = 0.20  # of a process that only waits
GROWN_MIB_MAX: Final = 30.0
# A process has up to a dozen workers, and each may say once what is away.
LINES_SLACK: Final = 12
BATCH_PAUSE_S: Final = 0.25

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    installation: Installation
    book: SmallBook
    broker: Brokers
    ledger_server: StoppableServer
    other_server: StoppableServer


@pytest.fixture(scope="module")
def place(one_broker: Brokers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("away")
    with (
        stoppable_server() as ledger_server,
        stoppable_server() as other_server,
        installed(
            other_server,
            one_broker.bootstrap,
            folder,
            clock_start=CLOCK_START,
            apart={"ledger": ledger_server},
        ) as installation,
    ):
        installation.start()
        book = SmallBook(installation)
        book.open(ACCOUNTS)
        for n in range(DUE_EARLY):
            assert book.invoice(f"E{n}", DUE_EARLY_ON).status_code == 201
        book.advance(3)
        yield Place(installation, book, one_broker, ledger_server, other_server)
        book.close()


@contextmanager
def watched(place: Place) -> Iterator[None]:
    """Nobody spins, swells or chatters in the meantime."""
    alive = {name: one for name, one in place.installation.processes.items() if one.is_alive}
    listeners = {name: Listener(one.log) for name, one in alive.items()}
    meter = Meter({name: one.pid for name, one in alive.items()})
    started_s = time.monotonic()
    yield
    seconds = time.monotonic() - started_s
    problems = []
    for name, spent in meter.read().items():
        _log.info(
            f"{name}: {spent.core_share:.1%} of a core, {spent.grown_mib:+.1f} MiB,"
            f" {dict(listeners[name].said())}"
        )
        if spent.core_share > CORE_SHARE_MAX:
            problems.append(f"{name} used {spent.core_share:.0%} of a core")
        if spent.grown_mib > GROWN_MIB_MAX:
            problems.append(f"{name} grew by {spent.grown_mib:.0f} MiB")
        for kind, times in listeners[name].said().items():
            if times > seconds + LINES_SLACK:
                problems.append(f"{name} said {kind} {times} times in {seconds:.0f} s")
        for line, times in listeners[name].repeated().items():
            if times > 1 + seconds / 60:
                problems.append(f"{name} repeated {times} times in {seconds:.0f} s: {line}")
    assert problems == []


def posted_in(seconds: float, book: SmallBook, name: str) -> int:
    """Invoices and contacts, each accepted, and reports of all three, each answered."""
    end_s, n = time.monotonic() + seconds, 0
    while time.monotonic() < end_s:
        started_s = time.monotonic()
        assert book.invoice(f"{name}{n}", DUE_LATE_ON).status_code == 201
        assert book.contact(f"{name}{n}").status_code == 201
        assert book.limit(n % ACCOUNTS, 1_000 + n).status_code == 200
        assert {status for _, status in book.reports()} == {200}
        assert time.monotonic() - started_s < ANSWER_S_MAX
        n += 1
        time.sleep(BATCH_PAUSE_S)
    return n


def outbox(book: SmallBook, service: str) -> int:
    return int(book.rows(service, "SELECT count(*) FROM es_outbox")[0][0])


class TestServiceAway:
    def test_without_the_broker_commands_are_taken_and_questions_answered(
        self, place: Place
    ) -> None:
        book = place.book
        place.broker.kill(1)
        with watched(place):
            posted = posted_in(BUSY_S, book, "B")
            assert outbox(book, "ledger") >= posted
            assert outbox(book, "dunning") >= posted
            with watched(place):
                time.sleep(AWAY_S)
            place.broker.restart(1)
            until(lambda: outbox(book, "ledger") == 0, "outbox", BACK_S_MAX)
        book.settle()
        assert book.count("ledger", "invoices") == len(book.invoices)
        assert book.count("dunning", "contacts") == len(book.contacts)

    def test_without_its_database_ledger_says_so_and_the_others_go_on(self, place: Place) -> None:
        book = place.book
        place.ledger_server.stop()
        with watched(place):
            for n in range(10):
                started_s = time.monotonic()
                refused = book.invoice(f"D{n}", DUE_LATE_ON)
                took_s = time.monotonic() - started_s
                assert refused.status_code == 503, refused.text
                assert refused.headers["content-type"] == "application/problem+json"
                assert refused.json()["code"] == "service-unavailable"
                assert int(refused.headers["retry-after"]) >= 1
                assert took_s < ANSWER_S_MAX
                assert book.reports(["ledger"]) == [("ledger", 503)]
                assert book.contact(f"D{n}").status_code == 201
                assert book.limit(n % ACCOUNTS, 2_000 + n).status_code == 200
                assert {status for _, status in book.reports(["credit", "dunning"])} == {200}
            with watched(place):
                time.sleep(AWAY_S)
            place.ledger_server.start()
            took_s = until(
                lambda: book.invoice("D-back", DUE_LATE_ON).status_code == 201,
                "ledger's commands",
                BACK_S_MAX,
            )
            _log.info(f"ledger took commands again after {took_s:.1f} s")
        book.settle()

    def test_notices_wait_for_ledger_and_go_out_once(self, place: Place) -> None:
        book, ledger = place.book, place.installation["serve ledger"]
        for n in range(ACCOUNTS):
            assert book.invoice(f"S{n}", DUE_SOON_ON).status_code == 201
        book.settle()
        before = book.mails()
        ledger.stop()
        with watched(place):
            book.move_clocks(DUE_SOON_ON + timedelta(days=1))
            until(
                lambda: book.events("dunning")[RAISED] == DUE_EARLY + ACCOUNTS,
                "overdue alerts",
                BACK_S_MAX,
            )
            book.move_clocks(DUE_SOON_ON + timedelta(days=1), hour=9)
            until(
                lambda: book.count("dunning", "notices", status="queued") >= ACCOUNTS,
                "notices queued",
                BACK_S_MAX,
            )
            with watched(place):
                time.sleep(AWAY_S)
            assert book.mails() == before
            assert book.contact("while-ledger-is-away").status_code == 201
            assert {status for _, status in book.reports(["credit", "dunning"])} == {200}
        ledger.start()
        ledger.await_ready()
        book.settle()
        assert book.count("dunning", "notices", status="queued") == 0
        assert book.mails() == before + ACCOUNTS

    def test_all_of_them_away_in_another_order(self, place: Place) -> None:
        book, ledger = place.book, place.installation["serve ledger"]
        ledger.stop()
        place.ledger_server.stop()
        place.broker.kill(1)
        place.other_server.stop()
        with watched(place):
            started_s = time.monotonic()
            assert book.contact("nothing-is-there").status_code == 503
            assert time.monotonic() - started_s < ANSWER_S_MAX
            ledger.start()  # It waits for its database.
            time.sleep(AWAY_S / 2)
            assert ledger.is_alive
            assert ledger.ready() is not None
        place.other_server.start()
        until(
            lambda: book.contact("others-are-back").status_code == 201,
            "dunning's commands",
            BACK_S_MAX,
        )
        place.broker.restart(1)
        place.ledger_server.start()
        ledger.await_ready()
        for process in place.installation.processes.values():
            process.await_ready()
        assert book.invoice("all-are-back", DUE_LATE_ON).status_code == 201
        book.settle()

    def test_at_the_end_everything_is_there_once(self, place: Place) -> None:
        book = place.book
        book.advance(14)
        said = place.installation.run("verify")
        assert said.count(": clean") == 3, said
        assert book.count("ledger", "invoices") == len(book.invoices)
        assert book.count("dunning", "contacts") == len(book.contacts)
        assert book.doubled() == []
        dunning, ledger = book.events("dunning"), book.events("ledger")
        assert ledger["ledger.invoice.issued.v1"] == len(book.invoices)
        overdue = DUE_EARLY + ACCOUNTS
        assert ledger["ledger.invoice.became_overdue.v1"] == overdue
        assert dunning[RAISED] == overdue
        assert dunning["dunning.contact.recorded.v1"] == len(book.contacts)
        accepted = dunning["dunning.notice.accepted.v1"]
        assert accepted == dunning["dunning.notice.queued.v1"] == book.mails()
