from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.ledger.customers.domain.account import state as account
from services.ledger.receivables.domain.aging import THRESHOLDS
from services.ledger.receivables.domain.invoice import commands, decide, events
from services.ledger.receivables.domain.invoice.state import State
from services.ledger.receivables.domain.terms import (
    Discount,
    DiscountWindow,
    DueDatePrecedesIssueDate,
    PortionsNotWhole,
    Terms,
    net_days,
)
from shared.kernel import rejections
from shared.kernel.decider import CorruptHistory, Rejected
from shared.kernel.ids import open_item_id
from shared.kernel.money import Money
from tests.support.invoices import (
    CANCELED,
    CURED,
    NEAR,
    OVERDUE,
    SETTLED,
    THIRTY,
    applied,
    portion,
    reopened,
    unapplied,
)
from tests.support.ledger import (
    ACCOUNT,
    ACCOUNT_ID,
    BOOK,
    DUE_ON,
    INVOICE_ID,
    INVOICES,
    ISSUED_ON,
    cny,
    issued,
    noon,
)
from tests.support.spec import given

ISSUE = commands.IssueInvoice(
    book=BOOK,
    account_id=ACCOUNT_ID,
    number="2026-0131",
    total=cny("8000.00"),
    issued_on=ISSUED_ON,
    due=net_days(ISSUED_ON, 30),
    thresholds=THRESHOLDS,
    now=noon(ISSUED_ON),
)


class TestIssue:
    def test_is_due_so_many_days_after_the_invoice_date(self) -> None:
        expected = replace(issued(), terms=net_days(ISSUED_ON, 30))

        given(INVOICES).when(decide.issue, ISSUE, invoice_id=INVOICE_ID, of=ACCOUNT).then(expected)

    def test_makes_an_installment_of_each_portion_the_earliest_due_first(self) -> None:
        (whole,) = net_days(ISSUED_ON, 30).portions
        rest = replace(whole, add_days=0, percent="40")
        agreed = Terms(
            portions=(replace(whole, percent="60"), rest),
            discounts=(Discount(percent="2", within_days=10),),
        )
        first, second = (
            events.Installment(
                installment=n,
                open_item_id=open_item_id(INVOICE_ID, n),
                due_on=due_on,
                amount=cny(amount),
                discounts=(
                    DiscountWindow(last_on=date(2026, 2, 10), percent="2", amount=cny(reduced)),
                ),
            )
            for n, due_on, amount, reduced in (
                (1, ISSUED_ON, "3200.00", "3136.00"),
                (2, DUE_ON, "4800.00", "4704.00"),
            )
        )

        given(INVOICES).when(
            decide.issue, replace(ISSUE, due=agreed), invoice_id=INVOICE_ID, of=ACCOUNT
        ).then(replace(issued(), installments=(first, second), terms=agreed))

    def test_takes_a_due_date_as_it_is_said(self) -> None:
        command = replace(ISSUE, due=date(2026, 2, 20))

        given(INVOICES).when(decide.issue, command, invoice_id=INVOICE_ID, of=ACCOUNT).then(
            issued(due_on=date(2026, 2, 20))
        )

    def test_needs_no_due_date(self) -> None:
        given(INVOICES).when(
            decide.issue, replace(ISSUE, due=None), invoice_id=INVOICE_ID, of=ACCOUNT
        ).then(issued(due_on=None))

    def test_keeps_the_day_on_which_it_was_learned(self) -> None:
        late = replace(ISSUE, due=DUE_ON, now=noon(date(2026, 4, 1)))

        given(INVOICES).when(decide.issue, late, invoice_id=INVOICE_ID, of=ACCOUNT).then(
            issued(recorded_on=date(2026, 4, 1))
        )

    @pytest.mark.parametrize(
        ("change", "reason", "field"),
        [
            ({"total": cny("0.00")}, rejections.AmountNotPositive, "/total/amount"),
            ({"total": cny("-1.00")}, rejections.AmountNotPositive, "/total/amount"),
            ({"due": date(2026, 1, 30)}, DueDatePrecedesIssueDate, "/due_on"),
            (
                {"issued_on": date(2026, 2, 1)},
                rejections.EffectiveDateOutOfRange,
                "/issued_on",
            ),
            (
                {"issued_on": date(1969, 12, 31)},
                rejections.EffectiveDateOutOfRange,
                "/issued_on",
            ),
            ({"due": date(2200, 1, 1)}, rejections.EffectiveDateOutOfRange, "/due_on"),
            (
                {"due": net_days(ISSUED_ON, 10**9)},
                rejections.EffectiveDateOutOfRange,
                "/terms",
            ),
            (
                {"due": Terms(portions=net_days(ISSUED_ON, 1).portions * 2, discounts=())},
                PortionsNotWhole,
                "/terms/portions",
            ),
        ],
    )
    def test_refuses_what_can_never_be_right(
        self, change: dict[str, object], reason: type[Rejected], field: str
    ) -> None:
        command = replace(ISSUE, **change)  # type: ignore[arg-type] # fields by name

        given(INVOICES).when(
            decide.issue, command, invoice_id=INVOICE_ID, of=ACCOUNT
        ).then_rejected(reason, field)

    def test_refuses_a_number_that_is_used(self) -> None:
        given(INVOICES, issued()).when(
            decide.issue, ISSUE, invoice_id=INVOICE_ID, of=ACCOUNT
        ).then_rejected(rejections.NumberAlreadyUsed, "/number")

    def test_refuses_an_account_nobody_opened(self) -> None:
        given(INVOICES).when(
            decide.issue, ISSUE, invoice_id=INVOICE_ID, of=account.NOT_OPENED
        ).then_rejected(rejections.UnknownAccount, "/account")

    def test_lets_the_day_of_the_entity_decide_what_is_ahead(self) -> None:
        """It is 1 February in Shanghai from 16:00 UTC of 31 January on."""
        command = replace(
            ISSUE, issued_on=date(2026, 2, 1), now=datetime(2026, 1, 31, 16, tzinfo=UTC)
        )
        early = replace(command, now=command.now - timedelta(seconds=1))

        assert decide.issue(command, INVOICES.initial, invoice_id=INVOICE_ID, of=ACCOUNT)
        given(INVOICES).when(decide.issue, early, invoice_id=INVOICE_ID, of=ACCOUNT).then_rejected(
            rejections.EffectiveDateOutOfRange
        )


class TestCancel:
    COMMAND = commands.CancelInvoice(
        invoice_id=INVOICE_ID, effective_on=None, now=noon(date(2026, 4, 10))
    )

    def test_takes_the_open_amount_away(self) -> None:
        given(INVOICES, issued()).when(decide.cancel, self.COMMAND).then(CANCELED)

    def test_cures_what_was_overdue(self) -> None:
        given(INVOICES, issued(), OVERDUE, THIRTY).when(decide.cancel, self.COMMAND).then(
            CANCELED, CURED
        )

    @pytest.mark.parametrize("day", [None, CANCELED.canceled_on])
    def test_changes_nothing_the_second_time(self, day: date | None) -> None:
        """Also on a later day: it does not say of which day it is meant to be."""
        tomorrow = replace(self.COMMAND, effective_on=day, now=noon(date(2026, 4, 11)))

        given(INVOICES, issued(), CANCELED).when(decide.cancel, tomorrow).then_nothing()

    def test_refuses_another_day_afterwards(self) -> None:
        other = replace(self.COMMAND, effective_on=date(2026, 4, 9))

        given(INVOICES, issued(), CANCELED).when(decide.cancel, other).then_rejected(
            decide.InvoiceNotOpen
        )

    def test_refuses_while_anything_is_allocated(self) -> None:
        given(INVOICES, issued(), applied("1.00", "7999.00")).when(
            decide.cancel, self.COMMAND
        ).then_rejected(decide.InvoiceIsAllocated)
        given(INVOICES, issued(), applied("8000.00", "0.00"), SETTLED).when(
            decide.cancel, self.COMMAND
        ).then_rejected(decide.InvoiceIsAllocated)

    def test_is_not_dated_before_the_invoice(self) -> None:
        early = replace(self.COMMAND, effective_on=date(2026, 1, 30))

        with pytest.raises(rejections.EffectiveDateOutOfRange):
            decide.cancel(early, given(INVOICES, issued()).state)


class TestApply:
    def test_leaves_the_rest_open(self) -> None:
        given(INVOICES, issued()).when(_apply, portion("5650.00")).then(
            applied("5650.00", "2350.00")
        )

    def test_settles_with_the_last_cent(self) -> None:
        given(INVOICES, issued(), applied("7999.99", "0.01")).when(_apply, portion("0.01", 2)).then(
            applied("0.01", "0.00", 2), SETTLED
        )

    def test_cures_every_threshold_that_was_reached(self) -> None:
        given(INVOICES, issued(), OVERDUE, THIRTY).when(_apply, portion("8000.00")).then(
            applied("8000.00", "0.00"), SETTLED, CURED
        )

    def test_does_not_cure_what_only_came_close(self) -> None:
        given(INVOICES, issued(), NEAR).when(_apply, portion("8000.00")).then(
            applied("8000.00", "0.00"), SETTLED
        )

    @pytest.mark.parametrize(
        ("change", "reason", "field"),
        [
            (
                {"amount": cny("8000.01")},
                decide.AllocationExceedsOpenAmount,
                "/allocations/0/amount/amount",
            ),
            (
                {"amount": Money.of("1.00", "EUR")},
                rejections.CurrencyMismatch,
                "/allocations/0/amount/currency",
            ),
            (
                {"amount": cny("0.00")},
                rejections.AmountNotPositive,
                "/allocations/0/amount/amount",
            ),
            (
                {"account_id": UUID(int=9)},
                decide.InvoiceOfAnotherAccount,
                "/allocations/0/invoice",
            ),
        ],
    )
    def test_refuses_what_does_not_fit(
        self, change: dict[str, object], reason: type[Rejected], field: str
    ) -> None:
        portion_of = replace(portion("1.00"), **change)  # type: ignore[arg-type] # fields by name

        given(INVOICES, issued()).when(_apply, portion_of).then_rejected(reason, field)

    def test_refuses_an_invoice_that_is_not_there_or_not_open(self) -> None:
        given(INVOICES).when(_apply, portion("1.00")).then_rejected(decide.UnknownInvoice)
        given(INVOICES, issued(), CANCELED).when(_apply, portion("1.00")).then_rejected(
            decide.InvoiceNotOpen
        )


class TestUnapply:
    ON = date(2026, 5, 4)

    def test_opens_more_of_what_is_open(self) -> None:
        given(INVOICES, issued(), applied("5000.00", "3000.00")).when(
            _unapply, [portion("5000.00")], self.ON
        ).then(unapplied("5000.00", "8000.00", self.ON))

    def test_reopens_what_was_settled_once_for_all_that_is_taken_back(self) -> None:
        history: list[events.Event] = [
            issued(),
            applied("5000.00", "3000.00"),
            applied("3000.00", "0.00", 2),
            SETTLED,
        ]

        given(INVOICES, *history).when(
            _unapply, [portion("5000.00"), portion("3000.00", 2)], self.ON
        ).then(
            unapplied("5000.00", "5000.00", self.ON),
            unapplied("3000.00", "8000.00", self.ON, 2),
            reopened(self.ON),
        )

    def test_stops_at_a_history_that_cannot_be(self) -> None:
        with pytest.raises(CorruptHistory):
            _unapply([portion("0.01")], given(INVOICES, issued()).state, self.ON)


def _apply(portion_of: decide.Portion, state: State) -> list[events.Event]:
    return list(decide.apply([portion_of], state, field="/allocations/0"))


def _unapply(portions: list[decide.Portion], state: State, on: date) -> list[events.Event]:
    return list(decide.unapply(portions, state, unapplied_on=on, recorded_on=on))
