"""SIGTERM under load: what was taken is answered and kept, the rest is refused, and it ends soon.

A request that found nobody, or a connection that was closed before it was read, is not lost: it
was never taken. What was taken without an answer would show as an invoice that nobody heard of.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.databases import Server
from tests.support.installation import SERVICES, Installation, installed
from tests.support.load import Load, questions_of
from tests.support.small_book import CLOCK_START, SmallBook

pytestmark = [pytest.mark.faults, pytest.mark.connected, pytest.mark.timeout(180)]

ACCOUNTS: Final = 12
LOADED_S: Final = 1.0  # before each signal, and after the last start
END_S_MAX: Final = 10.0

_log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def place(
    server: Server, any_broker: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("terminated")
    with installed(server, any_broker, folder, clock_start=CLOCK_START) as installation:
        installation.start()
        yield installation


@pytest.fixture(scope="module")
def book(place: Installation) -> Iterator[SmallBook]:
    found = SmallBook(place)
    found.open(ACCOUNTS)
    found.settle()
    yield found
    found.close()


async def terminate_under_load(place: Installation, role: str, load: Load) -> list[float]:
    """The seconds each took to end; it is started again at once."""
    questions = [
        question
        for service in SERVICES
        for question in questions_of(place[f"serve {service}"].url, service)
    ]
    taken_s: list[float] = []
    async with load.on(place.url, questions):
        for service in SERVICES:
            process = place[f"{role} {service}"]
            await asyncio.sleep(LOADED_S)
            taken_s.append(await asyncio.to_thread(process.stop))
            process.start()
            await asyncio.to_thread(process.await_ready)
        await asyncio.sleep(LOADED_S)
    return taken_s


class TestSigterm:
    @pytest.mark.parametrize("role", ["serve", "work"])
    def test_ends_soon_with_every_request_answered_that_was_taken(
        self, place: Installation, book: SmallBook, role: str
    ) -> None:
        load = Load(role, ACCOUNTS)
        taken_s = asyncio.run(terminate_under_load(place, role, load))
        _log.info("%s ended after %s s: %s, cut %s", role, taken_s, load.statuses, load.cut)
        assert max(taken_s) < END_S_MAX
        if role == "work":
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
