"""An invoice entered with its payments: the same as one after the other, and never overdue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger.cash.domain.payment.commands import Settlement
from services.ledger.cash.domain.payment.decide import payment
from services.ledger.cash.projections.payments import READ_MODEL as PAYMENTS
from services.ledger.receivables.domain.invoice import decide as on_invoice
from services.ledger.receivables.domain.invoice.state import Open, Settled
from services.ledger.receivables.projections.invoices import READ_MODEL as INVOICES
from services.ledger.reports.projections.open_items import READ_MODEL as OPEN_ITEMS
from shared.kernel import rejections
from shared.kernel.decider import AnyStream, Rejected
from shared.kernel.money import Money
from tests.support import ledger
from tests.support.ledger import BOOK, LedgerBook, cny, noon
from tests.support.projecting import project

ISSUED_ON = date(2026, 1, 31)
ENTERED_ON = date(2026, 6, 30)  # Long after the due date, 2 March 2026.


def settlement(
    number: str, amount: str, value_on: date = date(2026, 3, 20), currency: str = "CNY"
) -> Settlement:
    return Settlement(
        payment_number=number,
        amount=Money.of(amount, currency),
        value_on=value_on,
        method="transfer",
        reference=None,
    )


def entered(*settlements: Settlement, total: str = "8000.00") -> LedgerBook:
    book = LedgerBook()
    book.issue("I-1", total, on=ISSUED_ON, entered_on=ENTERED_ON, settlements=settlements)
    return book


def kinds(book: LedgerBook) -> list[tuple[str, date]]:
    """What is written about the invoice and its payments, with its business day."""
    return [(type(each.event).__name__, each.effective_on) for each in book.streams.recorded[2:]]


class TestIssue:
    def test_writes_the_invoice_the_money_and_what_it_paid(self) -> None:
        paid = date(2026, 3, 20)

        assert kinds(entered(settlement("P-1", "8000.00", paid))) == [
            ("InvoiceIssued", ISSUED_ON),
            ("PaymentReceived", paid),
            ("PaymentAllocated", paid),
            ("InvoicePaymentApplied", paid),
            ("InvoiceSettled", paid),
        ]

    def test_never_makes_overdue_what_was_paid(self) -> None:
        """18 days late then; nobody waits for anything now."""
        book = entered(settlement("P-1", "8000.00"))
        invoice = ledger.INVOICES.stream(BOOK, "I-1")
        state = book.streams.state(invoice)

        assert isinstance(state, Settled)
        assert list(ledger.INVOICES.timers(state)) == []

    def test_lets_a_rest_reach_its_thresholds(self) -> None:
        book = entered(settlement("P-1", "7000.00"))
        invoice = ledger.INVOICES.stream(BOOK, "I-1")
        state = book.streams.state(invoice)
        assert isinstance(state, Open)
        assert state.open_amount == cny("1000.00")

        book.fire_due(invoice.id, until=noon(ENTERED_ON))
        [first, *_] = [each for each in book.streams.recorded if "Overdue" in str(each.event)]
        assert first.event.open_amount == cny("1000.00")
        assert first.event.latest_threshold_days == 90

    def test_follows_the_days_of_the_money_whatever_its_order(self) -> None:
        book = entered(
            settlement("P-2", "5000.00", date(2026, 4, 9)),
            settlement("P-1", "3000.00", date(2026, 2, 9)),
        )

        assert kinds(book)[-1] == ("InvoiceSettled", date(2026, 4, 9))
        assert kinds(book)[3] == ("InvoicePaymentApplied", date(2026, 2, 9))

    def test_gives_a_prepayment_on_the_invoice_date(self) -> None:
        before = date(2026, 1, 10)

        assert kinds(entered(settlement("P-1", "8000.00", before)))[1:4] == [
            ("PaymentReceived", before),
            ("PaymentAllocated", ISSUED_ON),
            ("InvoicePaymentApplied", ISSUED_ON),
        ]

    @pytest.mark.parametrize(
        ("wrong", "reason", "field"),
        [
            (settlement("P-2", "7000.01"), on_invoice.AllocationExceedsOpenAmount,
             "/settlements/1/amount/amount"),
            (settlement("P-2", "1.00", currency="EUR"), rejections.CurrencyMismatch,
             "/settlements/1/amount/currency"),
            (settlement("P-2", "0.00"), rejections.AmountNotPositive,
             "/settlements/1/amount/amount"),
            (settlement("P-2", "1.00", date(2026, 7, 1)), rejections.EffectiveDateOutOfRange,
             "/settlements/1/value_on"),
            (settlement("P-2", "1.00", date(1969, 12, 31)), rejections.EffectiveDateOutOfRange,
             "/settlements/1/value_on"),
            (settlement("P-1", "1.00"), rejections.NumberAlreadyUsed,
             "/settlements/1/payment_number"),
        ],
    )  # fmt: skip
    def test_refuses_all_of_it_when_one_does_not_fit(
        self, wrong: Settlement, reason: type[Rejected], field: str
    ) -> None:
        book = LedgerBook()
        before = len(book.streams.recorded)
        with pytest.raises(reason) as caught:
            book.issue(
                "I-1",
                "8000.00",
                on=ISSUED_ON,
                entered_on=ENTERED_ON,
                settlements=[settlement("P-1", "1000.00"), wrong],
            )

        assert (type(caught.value), caught.value.field) == (reason, field)
        assert len(book.streams.recorded) == before

    @pytest.mark.parametrize("late_on", [date(2026, 2, 1), date(2026, 2, 20)])
    def test_names_the_first_that_is_more_than_the_total_whatever_its_day(
        self, late_on: date
    ) -> None:
        """Also where an earlier one, or one of an earlier day, has settled the invoice."""
        whole, more = settlement("P-1", "8000.00"), settlement("P-2", "0.01", late_on)

        with pytest.raises(on_invoice.AllocationExceedsOpenAmount) as caught:
            entered(whole, more)
        assert caught.value.field == "/settlements/1/amount/amount"

    def test_refuses_a_payment_that_is_entered_already(self) -> None:
        book = LedgerBook()
        book.receive("P-1", "8000.00", value_on=ISSUED_ON, on=ENTERED_ON)
        with pytest.raises(rejections.NumberAlreadyUsed) as caught:
            book.issue("I-1", "8000.00", on=ISSUED_ON, entered_on=ENTERED_ON,
                       settlements=[settlement("P-1", "8000.00")])  # fmt: skip

        assert caught.value.field == "/settlements/0/payment_number"


PARTS = st.lists(st.tuples(st.integers(1, 30_000), st.integers(-40, 150)), min_size=1, max_size=20)


class TestSameAsOneByOne:
    @given(PARTS, st.integers(0, 30_000), st.one_of(st.none(), st.integers(0, 90)))
    @settings(max_examples=100, deadline=None)
    def test_in_states_balances_and_rows(
        self, parts: list[tuple[int, int]], rest: int, net: int | None
    ) -> None:
        total = Money(sum(minor for minor, _ in parts) + rest, "CNY").amount
        paid = [
            replace(
                settlement(f"P-{n}", "1.00", ISSUED_ON + timedelta(days=days)),
                amount=Money(minor, "CNY"),
            )
            for n, (minor, days) in enumerate(parts)
        ]
        together, apart = LedgerBook(), LedgerBook()

        together.issue("I-1", total, on=ISSUED_ON, entered_on=ENTERED_ON, net=net, settlements=paid)
        one_by_one(apart, total, net, paid)

        streams: list[AnyStream] = [payment.stream(BOOK, each.payment_number) for each in paid]
        for stream in [ledger.INVOICES.stream(BOOK, "I-1"), *streams]:
            assert together.streams.events_of(stream) == apart.streams.events_of(stream)
            assert together.streams.state(stream) == apart.streams.state(stream)
        for model in (OPEN_ITEMS, INVOICES, PAYMENTS):
            assert project(model, together.streams.recorded) == project(
                model, apart.streams.recorded
            )


def one_by_one(book: LedgerBook, total: str, net: int | None, paid: Sequence[Settlement]) -> None:
    """The separate commands, on the same days."""
    invoice = book.issue("I-1", total, on=ISSUED_ON, entered_on=ENTERED_ON, net=net)
    for each in sorted(paid, key=lambda one: one.value_on):
        amount = each.amount.amount
        received = book.receive(each.payment_number, amount, value_on=each.value_on, on=ENTERED_ON)
        on = max(each.value_on, ISSUED_ON)
        book.allocate(received, (invoice, amount), on=ENTERED_ON, effective_on=on)
