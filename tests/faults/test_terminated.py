"""SIGTERM under load: what was taken is answered and kept, the rest is refused, and it ends soon.

A request that found nobody, or a connection that was closed before it was read, is not lost: it
was never taken. What was taken without an answer would show as an invoice that nobody heard of.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Final

import pytest

from services.cli.installed import SERVICES
from tests.support.brokers import Brokers
from tests.support.databases import Server
from tests.support.installation import Installation, installed
from tests.support.load import Load, questions_of
from tests.support.small_book import CLOCK_START, DUE_LATE_ON, SmallBook

pytestmark = [pytest.mark.faults, pytest.mark.connected, pytest.mark.timeout(180)]

ACCOUNTS: Final = 12
LOADED_S: Final = 1.0  # before the signal, and after the new start
END_S_MAX: Final = 10.0
PROCESSES: Final = [f"{role} {name}" for role in ("serve", "work") for name in SERVICES]

_log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def place(
    server: Server, one_broker: Brokers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("terminated")
    with installed(server, one_broker.bootstrap, folder, clock_start=CLOCK_START) as installation:
        installation.start()
        yield installation


@pytest.fixture(scope="module")
def book(place: Installation) -> Iterator[SmallBook]:
    found = SmallBook(place)
    found.open(ACCOUNTS)
    found.settle()
    yield found
    found.close()


async def terminate_under_load(place: Installation, name: str, load: Load) -> float:
    """The seconds it took to end; it is started again at once."""
    questions = [
        question
        for service in SERVICES
        for question in questions_of(place[f"serve {service}"].url, service)
    ]
    process = place[name]
    async with load.on(place.url, questions):
        await asyncio.sleep(LOADED_S)
        took_s = await asyncio.to_thread(process.stop)
        process.start()
        await asyncio.to_thread(process.await_ready)
        await asyncio.sleep(LOADED_S)
    return took_s


class TestSigterm:
    @pytest.mark.parametrize("name", PROCESSES)
    def test_ends_soon_with_every_request_answered_that_was_taken(
        self, place: Installation, book: SmallBook, name: str
    ) -> None:
        load = Load(name.replace(" ", ""), ACCOUNTS)
        took_s = asyncio.run(terminate_under_load(place, name, load))
        _log.info("%s ended after %.2f s: %s, cut %s", name, took_s, load.statuses, load.cut)
        assert took_s < END_S_MAX
        if not name.startswith("serve"):
            assert not load.cut
        book.settle()
        numbers = book.rows("ledger", "SELECT number FROM invoice")
        load.check({row[0] for row in numbers})

    def test_has_lost_and_doubled_no_event_in_the_end(
        self, place: Installation, book: SmallBook
    ) -> None:
        book.settle()
        assert place.run("verify").count(": clean") == 3
        stored = book.events("ledger")["ledger.invoice.issued.v1"]
        assert book.count("ledger", "invoices") == stored
        assert book.doubled() == []

    def test_ends_soon_while_the_broker_is_away(
        self, place: Installation, book: SmallBook, one_broker: Brokers
    ) -> None:
        one_broker.kill(1)
        for n in range(ACCOUNTS):
            assert book.invoice(f"away{n}", DUE_LATE_ON).status_code == 201
        time.sleep(LOADED_S)
        taken = {name: place[name].stop() for name in PROCESSES}
        _log.info("ended without a broker: %s", taken)
        one_broker.restart(1)
        place.start()
        book.settle()
        assert max(taken.values()) < END_S_MAX
        assert place.run("verify").count(": clean") == 3
