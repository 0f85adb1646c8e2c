"""Decisions over payment and invoices, through the handlers that make works of them."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings

from services.ledger.cash.domain.allocation import SHARES_MAX, ConcurrentChange
from services.ledger.cash.domain.payment import decide as on_payment
from services.ledger.cash.domain.payment.decide import payment
from services.ledger.cash.domain.payment.state import Received
from services.ledger.receivables.domain.invoice import decide as on_invoice
from services.ledger.receivables.domain.invoice import events as invoice_events
from services.ledger.receivables.domain.invoice import state as invoice
from services.ledger.receivables.domain.terms import PORTIONS_MAX, Terms, net_days
from services.ledger.reports.projections.open_items import READ_MODEL as OPEN_ITEMS
from shared.kernel import rejections
from shared.kernel.decider import EVENTS_MAX, STREAMS_MAX, expect
from tests.support.ledger import INVOICES, LedgerBook, noon
from tests.support.ledger_histories import STEPS, Life, Step, life_of
from tests.support.projecting import project

DAY = date(2026, 3, 2)


def book() -> tuple[LedgerBook, UUID, UUID, UUID]:
    """Two invoices, 100 and 50, and a payment of 120 on the due date of the first."""
    made = LedgerBook()
    first = made.issue("I-1", "100.00", on=date(2026, 1, 31))
    second = made.issue("I-2", "50.00", on=date(2026, 2, 5))
    paid = made.receive("P-1", "120.00", value_on=DAY, on=DAY)
    return made, first, second, paid


def a_dozen_each(count: int) -> tuple[LedgerBook, list[UUID], UUID]:
    """Invoices with the most installments there may be, a yuan each, and money for all of them."""
    made = LedgerBook()
    (whole,) = net_days(DAY, 30).portions
    shares = ["8.3333"] * (PORTIONS_MAX - 1) + ["8.3337"]
    terms = Terms(portions=tuple(replace(whole, percent=each) for each in shares), discounts=())
    many = [made.issue(f"I-{n}", "12.00", on=DAY, terms=terms) for n in range(count)]
    return made, many, made.receive("P-1", "500.00", value_on=DAY, on=DAY)


class TestAllocate:
    def test_settles_and_leaves_open_in_one_transaction(self) -> None:
        made, first, second, paid = book()

        answer = json.loads(made.allocate(paid, (first, "100.00"), (second, "20.00"), on=DAY))

        assert answer["unallocated_amount"] == {"amount": "0.00", "currency": "CNY"}
        assert [share["amount"]["amount"] for share in answer["allocations"]] == ["100.00", "20.00"]
        assert [(one["id"], one["status"]) for one in answer["affected"]] == [
            (str(first), "settled"),
            (str(second), "open"),
        ]

    def test_counts_an_invoice_named_twice_as_one_share(self) -> None:
        made, first, _, paid = book()

        answer = json.loads(made.allocate(paid, (first, "40.00"), (first, "60.00"), on=DAY))

        assert [share["amount"]["amount"] for share in answer["allocations"]] == ["100.00"]
        assert answer["affected"][0]["status"] == "settled"

    def test_refuses_the_whole_command_for_one_share(self) -> None:
        made, first, second, paid = book()
        before = len(made.streams.recorded)

        with pytest.raises(on_invoice.AllocationExceedsOpenAmount) as caught:
            made.allocate(paid, (first, "10.00"), (second, "50.01"), on=DAY)

        assert caught.value.field == "/allocations/1/amount/amount"
        assert len(made.streams.recorded) == before

    @pytest.mark.parametrize("day", [date(2026, 3, 1), date(2026, 3, 6)])
    def test_is_dated_neither_before_the_value_date_nor_ahead(self, day: date) -> None:
        made, first, _, paid = book()

        with pytest.raises(rejections.EffectiveDateOutOfRange):
            made.allocate(paid, (first, "1.00"), on=date(2026, 3, 5), effective_on=day)

    def test_is_not_dated_before_the_invoice(self) -> None:
        made, _, _, paid = book()
        later = made.issue("I-3", "10.00", on=date(2026, 3, 10))

        with pytest.raises(rejections.EffectiveDateOutOfRange):
            made.allocate(paid, (later, "1.00"), on=date(2026, 3, 12), effective_on=DAY)

    def test_is_not_dated_before_money_was_taken_back_from_the_invoice(self) -> None:
        """Else the invoice would have been paid twice on the days between."""
        made, first, _, paid = book()
        made.allocate(paid, (first, "100.00"), on=DAY)
        made.reverse(paid, first, on=date(2026, 3, 20))
        again = made.receive("P-2", "100.00", value_on=date(2026, 3, 10), on=date(2026, 3, 21))

        with pytest.raises(rejections.EffectiveDateOutOfRange):
            made.allocate(
                again, (first, "1.00"), on=date(2026, 3, 21), effective_on=date(2026, 3, 10)
            )

    def test_refuses_money_of_another_account(self) -> None:
        made = LedgerBook(accounts=("C-1001", "C-1002"))
        theirs = made.issue("I-1", "10.00", on=DAY, account="C-1002")
        paid = made.receive("P-1", "10.00", value_on=DAY, on=DAY)

        with pytest.raises(on_invoice.InvoiceOfAnotherAccount):
            made.allocate(paid, (theirs, "10.00"), on=DAY)


class TestAllocateOldestFirst:
    def test_gives_as_far_as_the_money_reaches(self) -> None:
        made, first, second, paid = book()

        answer = json.loads(made.allocate_oldest_first(paid, first, second, on=DAY))

        assert [share["amount"]["amount"] for share in answer["allocations"]] == ["100.00", "20.00"]

    def test_passes_over_what_is_closed_meanwhile(self) -> None:
        made, first, second, paid = book()
        made.cancel(first, on=DAY)

        answer = json.loads(made.allocate_oldest_first(paid, first, second, on=DAY))

        assert [share["invoice_id"] for share in answer["allocations"]] == [str(second)]
        assert answer["unallocated_amount"]["amount"] == "70.00"

    def test_passes_over_another_currency_and_another_account(self) -> None:
        made = LedgerBook(accounts=("C-1001", "C-1002"))
        dollars = made.issue("I-1", "10.00", on=DAY, currency="USD")
        theirs = made.issue("I-2", "10.00", on=DAY, account="C-1002")
        ours = made.issue("I-3", "10.00", on=DAY)
        paid = made.receive("P-1", "30.00", value_on=DAY, on=DAY)

        answer = json.loads(made.allocate_oldest_first(paid, dollars, theirs, ours, on=DAY))

        assert [share["invoice_id"] for share in answer["allocations"]] == [str(ours)]

    def test_changes_nothing_when_nothing_is_open(self) -> None:
        made, _, _, paid = book()
        before = len(made.streams.recorded)

        made.allocate_oldest_first(paid, on=DAY)

        assert len(made.streams.recorded) == before

    def test_stays_within_what_one_transaction_may_write(self) -> None:
        made = LedgerBook()
        many = [made.issue(f"I-{n}", "1.00", on=DAY) for n in range(SHARES_MAX + 5)]
        paid = made.receive("P-1", "500.00", value_on=DAY, on=DAY)
        for each in many:
            made.fire_due(each, until=noon(date(2026, 7, 30)))
        before = len(made.streams.recorded)

        made.allocate_oldest_first(paid, *many, on=date(2026, 7, 30))

        assert len(made.streams.recorded) - before == 3 * SHARES_MAX + 1
        assert 3 * SHARES_MAX + 1 <= EVENTS_MAX
        assert 2 * on_payment.ALLOCATIONS_MAX + 1 <= EVENTS_MAX
        assert PORTIONS_MAX <= SHARES_MAX
        assert on_payment.ALLOCATIONS_MAX + 1 <= STREAMS_MAX

    def test_counts_the_installments_that_it_pays(self) -> None:
        """Whole invoices of a dozen installments each: the next would be more than fits."""
        made, many, paid = a_dozen_each(SHARES_MAX // PORTIONS_MAX + 2)

        made.allocate_oldest_first(paid, *many, on=DAY)

        state = expect(made.streams.state(payment.existing(paid)), Received)
        assert len(state.allocations) == SHARES_MAX // PORTIONS_MAX * PORTIONS_MAX
        assert {each.invoice_id for each in state.allocations} == set(many[:-2])

    def test_of_named_invoices_with_more_installments_is_refused_by_name(self) -> None:
        made, many, paid = a_dozen_each(SHARES_MAX // PORTIONS_MAX + 1)
        before = len(made.streams.recorded)

        with pytest.raises(on_payment.TooManyAllocations) as refused:
            made.allocate(paid, *((each, "12.00") for each in many), on=DAY)

        assert refused.value.field == "/allocations"
        assert len(made.streams.recorded) == before


class TestReverse:
    def test_reopens_what_was_settled_and_lets_it_be_overdue_again(self) -> None:
        made, first, second, paid = book()
        made.allocate(paid, (first, "100.00"), (second, "20.00"), on=DAY)

        answer = json.loads(made.reverse(paid, first, second, on=date(2026, 4, 3)))
        made.fire_due(first, until=noon(date(2026, 4, 3)))

        assert answer["status"] == "reversed"
        assert {one["status"] for one in answer["affected"]} == {"open"}
        happened = [
            type(event).__name__ for event in made.streams.events_of(INVOICES.existing(first))
        ]
        assert happened[-4:] == [
            "InvoicePaymentUnapplied",
            "InvoiceReopened",
            "InvoiceBecameOverdue",
            "InvoiceDaysPastDueReached",
        ]
        crossings = [each for each in made.streams.recorded if each.stream_id == first][-2:]
        assert [each.effective_on for each in crossings] == [date(2026, 4, 3)] * 2

    def test_looks_again_when_the_payment_went_further_than_the_caller_knew(self) -> None:
        made, first, second, paid = book()
        made.allocate(paid, (first, "1.00"), (second, "1.00"), on=DAY)

        with pytest.raises(ConcurrentChange):
            made.reverse(paid, first, on=DAY)

    def test_changes_nothing_the_second_time(self) -> None:
        made, _, _, paid = book()
        made.reverse(paid, on=DAY)
        before = len(made.streams.recorded)

        made.reverse(paid, on=DAY)

        assert len(made.streams.recorded) == before

    def test_is_not_dated_before_what_it_takes_back(self) -> None:
        made, first, _, paid = book()
        made.allocate(paid, (first, "1.00"), on=date(2026, 3, 10))

        with pytest.raises(rejections.EffectiveDateOutOfRange):
            made.reverse(paid, first, on=date(2026, 3, 12), effective_on=date(2026, 3, 9))


class TestMoney:
    @given(STEPS)
    @settings(max_examples=150)
    def test_is_neither_made_nor_lost(self, steps: list[Step]) -> None:
        """What is open less what is unallocated is what was issued less canceled less received."""
        life = life_of(steps)
        streams = life.book.streams
        expected = 0
        for each in streams.recorded:
            match each.event:
                case invoice_events.InvoiceIssued() as issued:
                    expected += issued.total.minor
                case invoice_events.InvoiceCanceled() as canceled:
                    expected -= sum(item.amount.minor for item in canceled.installments)
                case _:
                    pass
        for paid in life.payments:
            state = streams.state(payment.existing(paid))
            if isinstance(state, Received):
                expected -= state.facts.amount.minor
        assert _open_minor(life) == expected

    @given(STEPS)
    @settings(max_examples=150)
    def test_is_on_no_day_given_twice(self, steps: list[Step]) -> None:
        """On every day, as known in the end, each item is between nothing and its whole amount."""
        life = life_of(steps)
        tables = project(OPEN_ITEMS, life.book.streams.recorded)
        by_item: dict[UUID, list[tuple[date, int]]] = defaultdict(list)
        for row in sorted(tables["open_item_movement"].values(), key=lambda row: row.version):
            by_item[row.open_item_id].append((row.effective_on, row.minor))
        for movements in by_item.values():
            whole = movements[0][1]
            for day in {on for on, _ in movements}:
                balance = sum(minor for on, minor in movements if on <= day)
                assert min(0, whole) <= balance <= max(0, whole)

    def test_is_moved_by_these_lives_at_all(self) -> None:
        """A law that only quiet books obey would prove nothing."""
        steps = [
            Step("issue", 2, 0, 10_000, 0, None),
            Step("receive", 0, 0, 12_000, 3, 1),
            Step("allocate", 0, 0, 4_000, 1, None),
            Step("oldest", 0, 0, 1, 1, None),
            Step("reverse", 0, 0, 1, 5, 2),
            Step("cancel", 0, 0, 1, 1, None),
        ]

        life = life_of(steps)

        assert life.refused == []
        assert isinstance(
            life.book.streams.state(INVOICES.existing(life.invoices[0])), invoice.Canceled
        )


def _open_minor(life: Life) -> int:
    streams = life.book.streams
    states = [streams.state(INVOICES.existing(id)) for id in life.invoices]
    owed = sum(on_invoice.open_amount_of(state).minor for state in states)
    paid = [streams.state(payment.existing(id)) for id in life.payments]
    return owed - sum(on_payment.unallocated_of(state).minor for state in paid)
