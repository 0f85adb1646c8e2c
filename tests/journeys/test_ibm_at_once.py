"""The IBM ledger taken over at once, by the system's clock: all is history, and harms nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.ibm_figures import check_aging, check_behavior
from tests.support.data_folders import data_folder
from tests.support.ibm_story import ENTITY, Book, data_file, invoices, needs_data
from tests.support.running import ROOT, Running, duebook

pytestmark = [
    pytest.mark.journey,
    pytest.mark.real_data,
    needs_data,
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with data_folder() as folder:
        running = Running(folder, None)
        running.start()
        try:
            import_all(running)
            yield running
        finally:
            running.stop()
            running.log.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def book(running: Running) -> Iterator[Book]:
    book = Book(running.url)
    book.wait_settled()
    yield book
    book.close()


def import_all(running: Running) -> None:
    """Imports as the README's first example does."""
    map_file = ROOT / "tests" / "journeys" / "ibm_map.toml"
    asked = ("import", "ledger", str(data_file()), "--map", str(map_file), "--url", running.url)
    done = duebook(*asked, timeout_s=600)
    assert done.returncode == 0, done.stderr[-3000:]


def every(book: Book, path: str) -> list[Any]:
    return list(book.all(path))


def test_holds_every_invoice_paid(book: Book) -> None:
    found = every(book, "/ledger/v1/invoices")

    assert (len(found), {one["status"] for one in found}) == (2466, {"settled"})
    assert every(book, "/ledger/v1/open-items") == []


def test_ages_as_published_and_as_computed_apart(book: Book) -> None:
    check_aging(book, invoices())


def test_knows_how_every_customer_pays(book: Book) -> None:
    check_behavior(book, invoices())


@pytest.mark.parametrize("deeds", ["overdue-alerts", "notices", "tasks", "cases", "work-list"])
def test_nothing_is_done_to_anybody(book: Book, deeds: str) -> None:
    assert every(book, f"/dunning/v1/{deeds}") == []


def test_nothing_was_done_that_was_undone_later(book: Book) -> None:
    accounts = book.account_ids()
    done = [
        entry
        for account_id in accounts.values()
        for entry in book.all("/dunning/v1/collection-ledger", account_id=account_id)
    ]

    assert (len(accounts), done) == (100, [])


def test_importing_again_writes_no_event(running: Running, book: Book) -> None:
    before = book.records()

    import_all(running)

    book.wait_settled()
    assert book.records() == before
    assert {one["legal_entity"] for one in every(book, "/ledger/v1/accounts")} == {ENTITY}


def test_projections_are_what_a_fresh_fold_gives(running: Running) -> None:
    running.verify()
