"""Two processes that work for one service: they share, one takes over, and no row changes twice."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterator
from typing import Final

import pytest

from shared.kernel.ids import PARTITIONS
from tests.support.databases import Server
from tests.support.installation import Installation, Process, installed
from tests.support.load import Load, questions_of
from tests.support.small_book import AMOUNT_YUAN, CLOCK_START, ENTITY, SmallBook, until

pytestmark = [pytest.mark.faults, pytest.mark.connected, pytest.mark.timeout(180)]

TTL_S: Final = 1.5
ACCOUNTS: Final = 24  # over all partitions
PAUSES: Final = 4  # of the first worker, under load
PAUSE_S: Final = TTL_S + 0.7
BETWEEN_S: Final = 1.2  # for it to have work in hand again
SHARED_S_MAX: Final = 10.0
FIRST, SECOND = "work ledger", "work ledger 1"

_log = logging.getLogger(__name__)

OWNERS: Final = """
SELECT owner, worker, count(*) AS n FROM es_lease
 WHERE NOT starts_with(worker, 'instance:') AND owner IS NOT NULL
   AND lease_until > clock_timestamp()
 GROUP BY owner, worker"""


@pytest.fixture(scope="module")
def place(
    server: Server, any_broker: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with installed(
        server,
        any_broker,
        tmp_path_factory.mktemp("two"),
        clock_start=CLOCK_START,
        lease_ttl_s=TTL_S,
        workers={"ledger": 2},
    ) as installation:
        for n, name in enumerate((FIRST, SECOND)):
            installation[name].start({"DUEBOOK_INSTANCE": f"worker-{n}"})
        rest = [name for name in installation.processes if name not in (FIRST, SECOND)]
        installation.start(rest)
        for name in (FIRST, SECOND):
            installation[name].await_ready()
        yield installation


@pytest.fixture(scope="module")
def book(place: Installation) -> Iterator[SmallBook]:
    found = SmallBook(place)
    found.open(ACCOUNTS)
    yield found
    found.close()


def shares(book: SmallBook) -> dict[tuple[str, str], int]:
    """(owner, worker) -> partitions."""
    return {(row[0], row[1]): row[2] for row in book.rows("ledger", OWNERS)}


def is_shared(book: SmallBook) -> bool:
    found = shares(book)
    workers = {worker for _, worker in found}
    return bool(workers) and all(
        found.get((owner, worker)) == PARTITIONS // 2
        for worker in workers
        for owner in ("worker-0", "worker-1")
    )


def all_with(book: SmallBook, owner: str) -> bool:
    found = shares(book)
    return bool(found) and set(found.values()) == {PARTITIONS} and {o for o, _ in found} == {owner}


def fenced(*processes: Process) -> float:
    return sum(one.metric("duebook_worker_fenced_total", service="ledger") for one in processes)


async def pause_under_load(place: Installation, load: Load) -> None:
    first = place[FIRST]
    questions = questions_of(place["serve ledger"].url, "ledger")
    async with load.on(place.url, questions):
        for _ in range(PAUSES):
            await asyncio.sleep(BETWEEN_S)
            first.send(signal.SIGSTOP)
            await asyncio.sleep(PAUSE_S)
            first.send(signal.SIGCONT)


class TestTwoWorkers:
    def test_share_the_partitions(self, book: SmallBook) -> None:
        until(lambda: is_shared(book), "shared partitions", SHARED_S_MAX)

    def test_one_that_was_paused_beyond_its_lease_changes_no_row_twice(
        self, place: Installation, book: SmallBook
    ) -> None:
        load = Load("S", ACCOUNTS)
        asyncio.run(pause_under_load(place, load))
        assert load.problems == []
        assert load.unanswered == set()
        book.settle()

        refused = fenced(place[FIRST], place[SECOND])
        _log.info("%d commands, %d fenced writes", len(load.acknowledged), refused)
        assert refused > 0, "the paused one had nothing in hand: nothing was proved"
        assert place.run("verify").count(": clean") == 3
        posted = load.acknowledged
        assert len(posted) > 100
        assert book.count("ledger", "invoices") == len(posted)
        report = book.query("ledger", "reports/aging", legal_entity=ENTITY).json()
        total = report["currencies"][0]["total"]
        assert total["items"] == len(posted)
        assert total["open_amount"]["amount"] == f"{len(posted) * AMOUNT_YUAN}.00"
        assert book.doubled() == []

    def test_one_that_is_terminated_hands_over_faster_than_its_lease_ends(
        self, place: Installation, book: SmallBook
    ) -> None:
        until(lambda: is_shared(book), "shared partitions", SHARED_S_MAX)
        second = place[SECOND]
        ended_s = second.stop()
        _log.info("ended after %.2f s", ended_s)
        owners = {owner for owner, _ in shares(book)}
        assert owners == {"worker-0"}
        # A living process looks every third of the TTL for what is free.
        until(lambda: all_with(book, "worker-0"), "all partitions", TTL_S / 2)
