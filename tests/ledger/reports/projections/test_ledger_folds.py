"""The folds of the ledger: the same however the events are cut into batches, and always footing."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger.cash.domain.payment import decide as on_payment
from services.ledger.cash.domain.payment.decide import payment
from services.ledger.cash.projections.payments import READ_MODEL as PAYMENTS
from services.ledger.customers.projections.accounts import READ_MODEL as ACCOUNTS
from services.ledger.receivables.domain.aging import bucket_names, bucket_of
from services.ledger.receivables.domain.invoice import decide as on_invoice
from services.ledger.receivables.projections.invoices import READ_MODEL as INVOICES
from services.ledger.reports.projections.open_items import READ_MODEL as OPEN_ITEMS
from services.ledger.reports.projections.open_totals import FAR
from shared.platform.projector.port import Key, Projection
from tests.support import ledger
from tests.support.ledger import LedgerBook
from tests.support.ledger_histories import STEPS, Life, Step, life_of
from tests.support.projecting import Tables, project

DAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    "projection", [OPEN_ITEMS, INVOICES, PAYMENTS, ACCOUNTS], ids=lambda one: one.name
)
class TestFold:
    @given(steps=STEPS, batch=st.integers(1, 7))
    @settings(max_examples=40)
    def test_does_not_depend_on_batches(
        self, projection: Projection, steps: list[Step], batch: int
    ) -> None:
        events = life_of(steps).book.streams.recorded

        assert project(projection, events, batch=batch) == project(projection, events)


class TestOpenItems:
    @given(STEPS)
    @settings(max_examples=100)
    def test_foot_to_the_streams_and_fill_every_bucket_once(self, steps: list[Step]) -> None:
        life = life_of(steps)
        rows = project(OPEN_ITEMS, life.book.streams.recorded)["open_item"].values()

        buckets = Counter[str]()
        for row in rows:
            if row.open_minor:
                name = bucket_of(row.open_minor, due_on=row.due_on, as_of=life.today)
                buckets[name] += row.open_minor
        assert set(buckets) <= set(bucket_names())
        assert sum(buckets.values()) == sum(_of_streams(life).values())
        assert {row.open_item_id: row.open_minor for row in rows} == _of_streams(life)

    @given(STEPS)
    @settings(max_examples=60)
    def test_know_how_far_their_movements_reach(self, steps: list[Step]) -> None:
        """What the queries rely on when they do not look at movements."""
        tables = project(OPEN_ITEMS, life_of(steps).book.streams.recorded)
        for key, row in tables["open_item"].items():
            moved = [m for k, m in tables["open_item_movement"].items() if k[:2] == key]
            assert row.open_minor == sum(m.minor for m in moved)
            assert row.first_on == min(m.effective_on for m in moved)
            assert row.last_on == max(m.effective_on for m in moved)
            assert row.first_at == min(m.recorded_at for m in moved)
            assert row.last_at == max(m.recorded_at for m in moved)


class TestOpenTotals:
    @given(steps=STEPS, batch=st.integers(1, 7), partitions=st.integers(1, 2))
    @settings(max_examples=100)
    def test_are_the_open_items_counted_and_summed(
        self, steps: list[Step], batch: int, partitions: int
    ) -> None:
        """In the partition of their account each; where nothing is open there is no row."""
        events = [
            each._replace(partition=each.account_id.int % partitions)
            for each in life_of(steps).book.streams.recorded
        ]
        tables = project(OPEN_ITEMS, events, batch=batch)

        items, sums = Counter[Key](), Counter[Key]()
        for row in tables["open_item"].values():
            if row.open_minor:
                partition = row.account_id.int % partitions
                key = (row.tenant_id, row.legal_entity, partition, row.currency, row.kind)
                items[*key, row.listed_on] += 1
                sums[*key, row.listed_on] += row.open_minor
        totals = tables["open_total"]
        assert {key: row.item_count for key, row in totals.items()} == items
        assert {key: row.minor for key, row in totals.items()} == sums
        assert all(row.listed_on == (row.due_on or FAR) for row in totals.values())

    def test_go_when_nothing_is_open_any_more(self) -> None:
        book = LedgerBook()
        invoice = book.issue("I-1", "100.00", on=date(2026, 1, 31))
        paid = book.receive("P-1", "100.00", value_on=DAY, on=DAY)
        assert _totals(book) == {("installment", 1, 10_000), ("unallocated", 1, -10_000)}

        book.allocate(paid, (invoice, "40.00"), on=DAY)
        assert _totals(book) == {("installment", 1, 6_000), ("unallocated", 1, -6_000)}

        book.allocate(paid, (invoice, "60.00"), on=DAY)
        assert _totals(book) == set()

        book.reverse(paid, invoice, on=DAY + timedelta(days=9))
        assert _totals(book) == {("installment", 1, 10_000)}


class TestInvoices:
    @given(STEPS)
    @settings(max_examples=60)
    def test_agree_with_payments_on_what_was_given(self, steps: list[Step]) -> None:
        events = life_of(steps).book.streams.recorded
        given_to = project(INVOICES, events)["invoice_allocation"].values()
        given_by = project(PAYMENTS, events)["payment_allocation"].values()

        assert {
            (a.allocation_id, a.invoice_id, a.payment_id, a.amount_minor, a.unapplied_on)
            for a in given_to
        } == {
            (a.allocation_id, a.invoice_id, a.payment_id, a.amount_minor, a.taken_back_on)
            for a in given_by
        }

    def test_follow_an_invoice_through_its_life(self) -> None:
        book = LedgerBook()
        invoice = book.issue("I-1", "100.00", on=date(2026, 1, 31))
        paid = book.receive("P-1", "100.00", value_on=DAY, on=DAY)
        assert _invoice(book, invoice) == ("open", 10_000)

        book.allocate(paid, (invoice, "100.00"), on=DAY)
        assert _invoice(book, invoice) == ("settled", 0)

        book.reverse(paid, invoice, on=DAY + timedelta(days=9))
        assert _invoice(book, invoice) == ("open", 10_000)

        book.cancel(invoice, on=DAY + timedelta(days=10))
        assert _invoice(book, invoice) == ("canceled", 0)


def _invoice(book: LedgerBook, id: UUID) -> tuple[str, int]:
    row = project(INVOICES, book.streams.recorded)["invoice"][ledger.TENANT, id]
    return row.status, row.open_minor


def _totals(book: LedgerBook) -> set[tuple[str, int, int]]:
    rows = project(OPEN_ITEMS, book.streams.recorded)["open_total"].values()
    return {(row.kind, row.item_count, row.minor) for row in rows}


def _of_streams(life: Life) -> dict[UUID, int]:
    """Open amounts by item, folded from the streams themselves."""
    streams = life.book.streams
    found: dict[UUID, int] = {}
    for id in life.invoices:
        state = streams.state(ledger.INVOICES.existing(id))
        for item in on_invoice.items_of(state):
            found[item.agreed.open_item_id] = item.open_amount.minor
    for id in life.payments:
        rest = streams.state(payment.existing(id))
        found[on_payment.facts_of(rest).open_item_id] = -on_payment.unallocated_of(rest).minor
    return found


def test_tables_of_projections_are_apart() -> None:
    """Two projections that wrote the same table would undo each other."""
    names = [m.name for p in (OPEN_ITEMS, INVOICES, PAYMENTS, ACCOUNTS) for m in p.models]
    empty: Tables = project(ACCOUNTS, [])

    assert len(set(names)) == len(names)
    assert empty == {"legal_entity": {}, "account": {}}
