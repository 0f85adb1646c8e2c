from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credit.scorecards.domain.behavior import Behavior, behavior, payment_index
from services.credit.scorecards.domain.scorecard import to_wire
from shared.kernel.money import CurrenciesMixed
from tests.support.paying import Paying

T = date(2026, 3, 31)


def golden() -> Paying:
    """Five days late, two early, twenty late."""
    book = Paying()
    book.paid(100_000_00, days=5, on=date(2026, 1, 10))
    book.paid(50_000_00, days=-2, on=date(2026, 2, 10))
    book.paid(200_000_00, days=20, on=date(2026, 3, 10))
    return book


def seen(book: Paying, as_of: date = T) -> Behavior:
    return behavior(book.history, as_of)


class TestBehavior:
    def test_of_the_golden_payments_is_the_golden_behavior(self) -> None:
        found = seen(golden())

        assert to_wire(found.adbt or Fraction(0)) == "12.5714"
        assert round(found.payment_index or 0, 2) == Fraction("71.62")
        assert to_wire(found.late_cnt or Fraction(0)) == "0.6667"
        assert to_wire(found.late_amt or Fraction(0)) == "0.8571"
        assert found.max_dpd == 20
        assert found.allocations == 3
        assert found.oldest_open_dpd == 0

    def test_of_nothing_has_nothing_to_say(self) -> None:
        found = seen(Paying())

        assert found.allocations == 0
        assert (found.adbt, found.payment_index, found.late_cnt, found.late_amt) == (None,) * 4
        assert (found.max_dpd, found.trend, found.tenure_months) == (None,) * 3

    @pytest.mark.parametrize(
        ("as_of", "paid_on", "is_in"),
        [
            (date(2026, 3, 31), date(2025, 3, 31), False),
            (date(2026, 3, 31), date(2025, 4, 1), True),
            (date(2026, 3, 31), date(2026, 3, 31), True),
            (date(2026, 3, 31), date(2026, 4, 1), False),
            (date(2024, 2, 29), date(2023, 2, 28), False),  # The missing day is the month's last.
            (date(2024, 2, 29), date(2023, 3, 1), True),
            (date(2025, 2, 28), date(2024, 2, 28), False),
            (date(2025, 2, 28), date(2024, 2, 29), True),
        ],
    )
    def test_looks_at_twelve_calendar_months(self, as_of: date, paid_on: date, is_in: bool) -> None:
        book = Paying()
        book.paid(100, days=0, on=paid_on)

        assert seen(book, as_of).allocations == int(is_in)

    def test_counts_an_open_item_more_than_three_days_late_in_both_parts(self) -> None:
        book = Paying()
        book.paid(300, days=3, on=date(2026, 3, 1))
        late = book.owes(200, due_on=T - timedelta(days=4))
        book.pays(late, 50, on=T - timedelta(days=10))
        book.owes(1_000, due_on=T - timedelta(days=3))

        found = seen(book)

        assert found.late_amt == Fraction(150, 300 + 50 + 150)
        assert found.late_cnt == Fraction(1, 2)
        assert found.max_dpd == found.oldest_open_dpd == 4

    def test_takes_days_past_due_of_what_was_settled_in_the_window_only(self) -> None:
        book = Paying()
        book.paid(100, days=50, on=date(2025, 3, 31))
        book.paid(100, days=7, on=date(2025, 4, 1))

        assert seen(book).max_dpd == 7

    def test_takes_days_past_due_of_an_open_item_that_is_partly_paid(self) -> None:
        book = Paying()
        item = book.owes(100, due_on=T - timedelta(days=40))
        book.pays(item, 60, on=T - timedelta(days=41))

        assert seen(book).max_dpd == 40

    def test_never_has_negative_days_past_due(self) -> None:
        book = Paying()
        book.paid(100, days=-9, on=T)
        book.owes(100, due_on=T + timedelta(days=9))

        assert seen(book).max_dpd == 0

    def test_says_the_trend_between_the_last_ninety_days_and_those_before(self) -> None:
        book = Paying()
        book.paid(100, days=10, on=T - timedelta(days=89))
        book.paid(100, days=4, on=T - timedelta(days=90))
        book.paid(300, days=0, on=T - timedelta(days=359))
        book.paid(100, days=99, on=T - timedelta(days=360))

        assert seen(book).trend == 10 - 1

    @pytest.mark.parametrize("days_ago", [0, 100])
    def test_says_no_trend_when_one_part_is_empty(self, days_ago: int) -> None:
        book = Paying()
        book.paid(100, days=1, on=T - timedelta(days=days_ago))

        assert seen(book).trend is None

    @pytest.mark.parametrize(
        ("first", "as_of", "months"),
        [
            (date(2025, 3, 31), date(2026, 3, 31), 12),
            (date(2025, 4, 1), date(2026, 3, 31), 11),
            (date(2026, 1, 31), date(2026, 2, 28), 1),
            (date(2026, 3, 31), date(2026, 3, 31), 0),
        ],
    )
    def test_counts_whole_months_since_the_first_invoice(
        self, first: date, as_of: date, months: int
    ) -> None:
        book = Paying()
        book.owes(100, due_on=first + timedelta(days=30))
        book.owes(100, due_on=as_of + timedelta(days=30))

        assert seen(book, as_of).tenure_months == months

    def test_forgets_what_was_taken_back_by_that_day_and_not_before(self) -> None:
        book = golden()
        book.allocations[2] = replace(book.allocations[2], unapplied_on=date(2026, 3, 20))

        before, after = seen(book, date(2026, 3, 19)), seen(book, date(2026, 3, 20))

        assert (before.allocations, before.max_dpd) == (3, 20)
        assert (after.allocations, after.max_dpd) == (2, 30)
        assert after.late_amt == Fraction(100_000 + 200_000, 350_000)

    def test_forgets_an_invoice_that_was_canceled_by_that_day(self) -> None:
        book = Paying()
        book.owes(100, due_on=T - timedelta(days=100))
        book.invoices[0] = replace(book.invoices[0], canceled_on=T)

        assert seen(book, T - timedelta(days=1)).oldest_open_dpd == 99
        assert seen(book).max_dpd is None
        assert seen(book).tenure_months is None

    def test_does_not_see_an_allocation_before_its_business_date(self) -> None:
        book = Paying()
        item = book.owes(100, due_on=date(2026, 3, 10))
        book.pays(item, 100, on=date(2026, 3, 8), known_from=date(2026, 3, 15))

        assert seen(book, date(2026, 3, 14)).allocations == 0
        assert seen(book, date(2026, 3, 14)).max_dpd == 4
        assert seen(book, date(2026, 3, 15)).adbt == -2

    def test_does_not_count_what_has_no_due_date(self) -> None:
        book = Paying()
        item = book.owes(100, due_on=T, has_due_date=False)
        book.pays(item, 60, on=T)

        found = seen(book)

        assert found.allocations == 0
        assert found.max_dpd is None

    def test_refuses_an_invoice_or_payment_in_another_currency(self) -> None:
        own, other = golden(), Paying("VND")
        item = other.owes(100, due_on=T)
        with pytest.raises(CurrenciesMixed):
            behavior(replace(own.history, invoices=[*own.invoices, *other.invoices]), T)
        other.pays(item, 100, on=T)
        with pytest.raises(CurrenciesMixed):
            behavior(replace(own.history, allocations=[*own.allocations, *other.allocations]), T)

    def test_says_something_when_anything_was_paid_or_is_open_that_is_due(self) -> None:
        nothing, open_item, paid_long_ago = Paying(), Paying(), Paying()
        open_item.owes(100, due_on=T)
        paid_long_ago.paid(100, days=9, on=date(2025, 3, 31))

        assert [seen(book).says_something for book in (nothing, open_item, paid_long_ago)] == [
            False,
            True,
            False,
        ]
        assert seen(golden()).says_something

    @given(
        st.lists(
            st.tuples(st.integers(1, 10**9), st.integers(-60, 200), st.integers(0, 500)),
            max_size=20,
        ),
        st.integers(1, 400),
    )
    def test_never_depends_on_what_comes_later(
        self, payments: list[tuple[int, int, int]], days_ago: int
    ) -> None:
        as_of = T - timedelta(days=days_ago)
        whole, known = Paying(), Paying()
        for minor, days, ago in payments:
            on = T - timedelta(days=ago)
            item = whole.paid(minor, days=days, on=on)
            invoice = whole.invoices[-1]
            if invoice.effective_on <= as_of:
                known.invoices.append(invoice)
            if on <= as_of:
                known.allocations.append(whole.allocations[-1])
            assert item == invoice.open_item_id

        assert seen(whole, as_of) == seen(known, as_of)


class TestPaymentIndex:
    @pytest.mark.parametrize(
        ("adbt", "index"),
        [
            (-40, "100"), (-30, "100"), (-18, "89"), (0, "80"), (10, "73.33"), (25, "56.25"),
            (45, "45"), (120, "20"), (180, "10"), (240, "0"), (500, "0"),
        ],
    )  # fmt: skip
    def test_follows_the_golden_table(self, adbt: int, index: str) -> None:
        assert round(payment_index(Fraction(adbt)), 2) == Fraction(index)

    @given(st.lists(st.fractions(-60, 300), min_size=2, max_size=20))
    def test_never_rises_when_payment_comes_later(self, days: list[Fraction]) -> None:
        indexes = [payment_index(each) for each in sorted(days)]

        assert all(later <= sooner for sooner, later in pairwise(indexes))
        assert all(0 <= each <= 100 for each in indexes)
