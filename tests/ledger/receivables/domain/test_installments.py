"""What happens to an invoice with several installments, from its issue on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from services.ledger.receivables.domain.invoice import commands, decide, events
from services.ledger.receivables.domain.invoice.evolve import evolve
from services.ledger.receivables.domain.invoice.state import Canceled, Open, Settled, State
from services.ledger.receivables.projections.invoices import READ_MODEL as LISTED
from services.ledger.reports.projections.open_items import READ_MODEL as OPEN_ITEMS
from shared.kernel.decider import CorruptHistory
from shared.kernel.ids import open_item_id
from shared.kernel.money import Money
from tests.support.invoices import OVERDUE, portion, reach
from tests.support.ledger import BOOK, DUE_ON, INVOICE_ID, INVOICES, TENANT, cny, issued, noon
from tests.support.projecting import project
from tests.support.spec import Streams, given


def in_parts(*minors: int) -> events.InvoiceIssued:
    """Each installment is due 30 days after the one before."""
    return replace(
        issued(),
        total=Money(sum(minors), "CNY"),
        installments=tuple(
            events.Installment(
                installment=n,
                open_item_id=open_item_id(INVOICE_ID, n),
                due_on=DUE_ON + timedelta(days=30 * (n - 1)),
                amount=Money(minor, "CNY"),
                discounts=(),
            )
            for n, minor in enumerate(minors, start=1)
        ),
    )


TWO = in_parts(500_000, 300_000)


def after(history: Sequence[events.Event]) -> State:
    state = INVOICES.initial
    for event in history:
        state = evolve(state, event)
    return state


def pay(state: State, amount: Money, first_id: int) -> tuple[list[decide.Portion], State]:
    """Pays as an allocation does: the earliest installment first."""
    assert isinstance(state, Open)
    portions = [
        replace(portion("1.00", first_id + n), installment=part.installment, amount=share)
        for n, (part, share) in enumerate(decide.earliest_first(amount, state))
    ]
    for event in decide.apply(portions, state, field=""):
        state = evolve(state, event)
    return portions, state


def open_minors(state: State) -> list[int]:
    return [part.open_amount.minor for part in decide.items_of(state)]


def kinds(happened: Sequence[events.Event]) -> list[tuple[str, int]]:
    return [
        (type(event).__name__, event.installment)
        for event in happened
        if isinstance(event, events.OfInstallment)
    ]


class TestSpread:
    def test_fills_the_earliest_installment_first(self) -> None:
        state = after([TWO])
        assert isinstance(state, Open)

        shares = decide.earliest_first(cny("6000.00"), state)

        assert [(part.installment, share) for part, share in shares] == [
            (1, cny("5000.00")),
            (2, cny("1000.00")),
        ]


class TestApply:
    def test_settles_only_when_every_installment_is_paid(self) -> None:
        _, state = pay(after([TWO]), cny("5000.00"), 1)
        assert isinstance(state, Open)
        assert open_minors(state) == [0, 300_000]

        _, state = pay(state, cny("3000.00"), 3)
        assert isinstance(state, Settled)

    def test_cures_the_installment_that_is_paid_and_no_other(self) -> None:
        first = OVERDUE
        paid = replace(portion("5000.00"), installment=1)

        happened = decide.apply([paid], after([TWO, first]), field="")

        assert kinds(happened) == [("InvoicePaymentApplied", 1), ("InvoiceOverdueCured", 1)]


class TestUnapply:
    def test_reopens_each_installment_that_was_paid(self) -> None:
        portions, settled = pay(after([TWO]), cny("8000.00"), 1)

        happened = decide.unapply(portions, settled, unapplied_on=DUE_ON, recorded_on=DUE_ON)

        assert kinds(happened) == [
            ("InvoicePaymentUnapplied", 1),
            ("InvoicePaymentUnapplied", 2),
        ]
        assert isinstance(happened[-1], events.InvoiceReopened)

    def test_starts_the_thresholds_of_a_reopened_installment_anew(self) -> None:
        """The other one never was paid, and keeps what it had reached."""
        portions, state = pay(after([TWO]), cny("5000.00"), 1)
        on = DUE_ON + timedelta(days=40)

        for event in decide.unapply(portions, state, unapplied_on=on, recorded_on=on):
            state = evolve(state, event)

        assert [part.since_on for part in decide.items_of(state)] == [on, TWO.issued_on]


class TestThresholds:
    def test_are_waited_for_by_installment(self) -> None:
        names = {timer.name for timer in given(INVOICES, TWO).timers}

        assert {"days_past_due/1/1", "days_past_due/1/2"} <= names

    def test_are_not_waited_for_once_the_installment_is_paid(self) -> None:
        _, state = pay(after([TWO]), cny("5000.00"), 1)

        assert {timer.name.rpartition("/")[2] for timer in INVOICES.timers(state)} == {"2"}

    def test_are_reached_by_one_installment_and_not_by_the_other(self) -> None:
        state = after([TWO])

        reached = [event for _, event in reach(state, 1)]
        assert kinds(reached) == [("InvoiceDueDateApproached", 1), ("InvoiceBecameOverdue", 1)]
        assert reach(state, 1, installment=2) == []


class TestCancel:
    COMMAND = commands.CancelInvoice(invoice_id=INVOICE_ID, effective_on=None, now=noon(DUE_ON))

    def test_gives_back_every_installment(self) -> None:
        happened = decide.cancel(self.COMMAND, after([TWO])).events
        state = after([TWO, *happened])

        (canceled,) = happened
        assert isinstance(canceled, events.InvoiceCanceled)
        assert canceled.installments == TWO.installments
        assert isinstance(state, Canceled)
        assert open_minors(state) == [0, 0]

    def test_leaves_nothing_open_in_any_read_model(self) -> None:
        stream, streams = INVOICES.stream(BOOK, "2026-0131"), Streams(TENANT)
        streams.append(stream, [TWO], noon(DUE_ON))
        assert sorted(_reported(streams).values()) == [300_000, 500_000]
        assert _listed(streams) == (800_000, [500_000, 300_000])

        canceled = decide.cancel(self.COMMAND, streams.state(stream)).events
        streams.append(stream, canceled, noon(DUE_ON))

        assert list(_reported(streams).values()) == [0, 0]
        assert _listed(streams) == (0, [0, 0])

    def test_is_quiet_once_it_happened(self) -> None:
        canceled = decide.cancel(self.COMMAND, after([TWO])).events

        given(INVOICES, TWO, *canceled).when(decide.cancel, self.COMMAND).then_nothing()


class TestMoney:
    @for_all(
        st.lists(st.integers(1, 10_000), min_size=2, max_size=3),
        st.lists(st.tuples(st.integers(1, 12_000), st.booleans()), max_size=12),
    )
    @settings(max_examples=150)
    def test_is_neither_made_nor_lost(
        self, minors: list[int], steps: list[tuple[int, bool]]
    ) -> None:
        """What is open is the total less what is applied, in each installment; so says the report.

        A step pays an amount as far as it fits, or takes back what was paid first.
        """
        stream, streams = INVOICES.stream(BOOK, "2026-0131"), Streams(TENANT)
        streams.append(stream, [in_parts(*minors)], noon(DUE_ON))
        paid: list[list[decide.Portion]] = []
        for n, (minor, takes_back) in enumerate(steps):
            state = streams.state(stream)
            left = decide.open_amount_of(state)
            happened: Sequence[events.Event] = []
            if takes_back and paid:
                happened = decide.unapply(
                    paid.pop(0), state, unapplied_on=DUE_ON, recorded_on=DUE_ON
                )
            elif isinstance(state, Open):
                portions, _ = pay(state, min(Money(minor, "CNY"), left), 10 * n)
                happened = decide.apply(portions, state, field="")
                paid.append(portions)
            streams.append(stream, happened, noon(DUE_ON))

            given_to = dict.fromkeys(range(1, len(minors) + 1), 0)
            for each in (each for portions in paid for each in portions):
                given_to[each.installment] += each.amount.minor
            state = streams.state(stream)
            expected = [whole - given_to[k] for k, whole in enumerate(minors, start=1)]
            assert open_minors(state) == expected
            assert isinstance(state, Settled) == (not any(expected))
        assert _reported(streams) == _by_item(streams.state(stream))

    def test_cannot_be_taken_back_twice(self) -> None:
        portions, state = pay(after([TWO]), cny("8000.00"), 1)
        for event in decide.unapply(portions, state, unapplied_on=DUE_ON, recorded_on=DUE_ON):
            state = evolve(state, event)

        with pytest.raises(CorruptHistory):
            decide.unapply(portions, state, unapplied_on=DUE_ON, recorded_on=DUE_ON)


def _reported(streams: Streams) -> dict[UUID, int]:
    rows = project(OPEN_ITEMS, streams.recorded)["open_item"].values()
    return {row.open_item_id: row.open_minor for row in rows}


def _listed(streams: Streams) -> tuple[int, list[int]]:
    """What the invoice has open in its list, and what each installment has."""
    tables = project(LISTED, streams.recorded)
    (whole,) = tables["invoice"].values()
    parts = sorted(tables["invoice_installment"].values(), key=lambda row: row.installment)
    return whole.open_minor, [row.open_minor for row in parts]


def _by_item(state: State) -> dict[UUID, int]:
    return {part.agreed.open_item_id: part.open_amount.minor for part in decide.items_of(state)}
