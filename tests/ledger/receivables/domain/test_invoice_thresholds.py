from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest

from services.ledger.receivables.domain.invoice import events
from services.ledger.receivables.domain.invoice.state import State
from shared.kernel.days import start_of_day
from shared.kernel.decider import Accepted, Folded
from shared.platform.codec import Codec
from shared.platform.store.batch import Batch, Loaded
from shared.platform.store.port import Head
from shared.platform.timers.runtime import caller_of
from tests.support.invoices import (
    CANCELED,
    CURED,
    NEAR,
    OVERDUE,
    SETTLED,
    THIRTY,
    applied,
    crossing,
    reach,
    reopened,
    unapplied,
)
from tests.support.ledger import (
    ACCOUNT_ID,
    DUE_ON,
    INVOICE_ID,
    INVOICES,
    PUBLISHED,
    TENANT,
    ZONE,
    issued,
)
from tests.support.spec import given


def state_after(*history: events.Event) -> State:
    return given(INVOICES, issued(), *history).state


LATE = timedelta(days=40)  # After the day on which it is one day past due: 11 April 2026.


class TestOnTimer:
    def test_makes_it_overdue_at_the_start_of_the_day_after_the_due_date(self) -> None:
        assert reach(state_after(NEAR), 1) == [(date(2026, 3, 3), OVERDUE)]

    def test_is_dated_on_the_day_it_is_reached(self) -> None:
        found = reach(state_after(NEAR, OVERDUE), 30, late=timedelta(days=3))

        assert found == [(date(2026, 4, 1), THIRTY)]

    def test_happens_once(self) -> None:
        assert reach(state_after(NEAR, OVERDUE), 1) == []
        assert reach(state_after(NEAR, OVERDUE), 1, late=timedelta(days=3)) == []

    def test_names_the_first_positive_one_overdue_and_counts_the_others(self) -> None:
        [(_, first), (_, second)] = reach(state_after(NEAR), 1, late=LATE)

        assert isinstance(first, events.InvoiceBecameOverdue)
        assert isinstance(second, events.InvoiceDaysPastDueReached)

    def test_changes_nothing_before_its_time(self) -> None:
        assert reach(state_after(NEAR), 1, early=timedelta(days=1)) == []
        assert reach(state_after(NEAR), 1, early=timedelta(seconds=1)) == []

    def test_changes_nothing_of_an_installment_that_is_not_there(self) -> None:
        assert reach(state_after(), 1, installment=2) == []

    @pytest.mark.parametrize("end", [[applied("8000.00", "0.00"), SETTLED], [CANCELED]])
    def test_changes_nothing_once_nothing_is_open(self, end: list[events.Event]) -> None:
        assert reach(state_after(*end), 1) == []


class TestSeveralAtOnce:
    """An outage, a late entry, a take-over: several thresholds are due when one is fired."""

    TOGETHER: ClassVar = [
        (date(2026, 2, 27), crossing(-3, latest=30)),
        (date(2026, 3, 3), crossing(1, latest=30)),
        (date(2026, 4, 1), crossing(30, latest=30)),
    ]

    @pytest.mark.parametrize("first", [-3, 1, 30])
    def test_are_reached_together_whichever_is_fired_first(self, first: int) -> None:
        """Ascending, each on its own day, and each says which is the latest."""
        late = date(2026, 4, 11) - DUE_ON - timedelta(days=first)

        assert reach(state_after(), first, late=late) == self.TOGETHER

    def test_stay_quiet_when_the_others_fire_too(self) -> None:
        state = state_after(*(event for _, event in self.TOGETHER))

        assert [reach(state, days, late=LATE) for days in (-3, 1, 30)] == [[], [], []]

    def test_have_ids_of_their_own_and_the_same_when_they_fire_twice(self) -> None:
        """Whatever was written of them already is recognized by its id."""
        stream = INVOICES.existing(INVOICE_ID)
        now = start_of_day(date(2026, 4, 11), ZONE)
        work = INVOICES.fire(INVOICE_ID, "days_past_due/1/1", now)
        head = Head(1, "invoice", TENANT)
        opened = Folded(1, state_after(), ACCOUNT_ID, "CN01", None, {})
        loaded = Loaded({INVOICE_ID: head}, {INVOICE_ID: opened}, {}, {})

        def fire_twice() -> list[UUID]:
            batch = Batch(loaded, Codec(PUBLISHED), lambda name: (), 1)
            asked = caller_of(TENANT, stream.id, "days_past_due/1/1", 1, now)
            first, second = batch.run(work, asked), batch.run(work, asked)
            assert isinstance(first, Accepted), first
            assert isinstance(second, Accepted), second
            assert (first.versions, second.versions) == ({INVOICE_ID: 4}, {})
            return [event.id for event in batch.writes().events]

        ids = fire_twice()
        assert len(set(ids)) == 3
        assert fire_twice() == ids

    def test_say_that_they_come_after_a_returned_payment(self) -> None:
        on = date(2026, 4, 10)  # 39 days past due.
        paid = (applied("8000.00", "0.00"), SETTLED, CURED)
        again = (unapplied("8000.00", "8000.00", on), reopened(on))

        found = reach(state_after(NEAR, OVERDUE, THIRTY, *paid, *again), 30, late=LATE)

        assert found == [
            (on, crossing(1, latest=60, reopened_on=on)),
            (on, crossing(30, latest=60, reopened_on=on)),
            (date(2026, 5, 1), crossing(60, latest=60, reopened_on=on)),
        ]

    def test_do_not_say_so_again_when_it_comes_of_age_after_the_return(self) -> None:
        """Seen: every later notice was one of the returned payment, and the plan stood still."""
        on = date(2026, 3, 10)  # 8 days past due.
        paid = (applied("8000.00", "0.00"), SETTLED, CURED)
        again = (unapplied("8000.00", "8000.00", on), reopened(on))
        overdue = crossing(1, latest=1, reopened_on=on)

        late = timedelta(days=7)
        assert reach(state_after(NEAR, OVERDUE, *paid, *again), 1, late=late) == [(on, overdue)]
        found = reach(state_after(NEAR, OVERDUE, *paid, *again, overdue), 30)
        assert found == [(date(2026, 4, 1), THIRTY)]

    def test_do_not_say_so_when_a_part_is_returned_of_what_was_open(self) -> None:
        on = date(2026, 2, 20)
        part = (applied("1000.00", "7000.00"), unapplied("1000.00", "8000.00", on))

        assert reach(state_after(*part), -3) == [(date(2026, 2, 27), NEAR)]


class TestTimers:
    def test_wait_for_the_start_of_each_day_in_the_entitys_zone(self) -> None:
        """2 March 2026 ends at 16:00 UTC in Shanghai."""
        waiting = {timer.name: timer.due_at for timer in given(INVOICES, issued()).timers}

        assert waiting["days_past_due/1/1"] == datetime(2026, 3, 2, 16, tzinfo=UTC)
        assert waiting["days_past_due/-3/1"] == datetime(2026, 2, 26, 16, tzinfo=UTC)
        assert set(waiting) == {f"days_past_due/{n}/1" for n in (-3, 1, 30, 60, 90)}

    def test_do_not_wait_for_what_was_reached(self) -> None:
        names = [timer.name for timer in given(INVOICES, issued(), OVERDUE).timers]

        assert "days_past_due/1/1" not in names
        assert "days_past_due/30/1" in names

    def test_announce_no_due_date_that_is_not_ahead(self) -> None:
        late = given(INVOICES, issued(recorded_on=DUE_ON))

        assert "days_past_due/-3/1" not in [timer.name for timer in late.timers]

    def test_never_wait_without_a_due_date_or_an_open_amount(self) -> None:
        assert list(given(INVOICES, issued(due_on=None)).timers) == []
        paid = given(INVOICES, issued(), applied("8000.00", "0.00"), SETTLED)
        assert list(paid.timers) == []
        assert list(given(INVOICES, issued(), CANCELED).timers) == []

    def test_wait_anew_for_every_positive_threshold_after_a_reopening(self) -> None:
        on = date(2026, 4, 10)  # 39 days past due.
        history: list[events.Event] = [
            issued(),
            OVERDUE,
            THIRTY,
            applied("8000.00", "0.00"),
            SETTLED,
            CURED,
        ]
        again = given(INVOICES, *history, unapplied("8000.00", "8000.00", on), reopened(on))

        waiting = {timer.name: timer.due_at for timer in again.timers}
        assert waiting == {
            "days_past_due/1/1": start_of_day(on, ZONE),
            "days_past_due/30/1": start_of_day(on, ZONE),
            "days_past_due/60/1": start_of_day(date(2026, 5, 1), ZONE),
            "days_past_due/90/1": start_of_day(date(2026, 5, 31), ZONE),
        }

    def test_follow_the_thresholds_it_was_issued_with(self) -> None:
        own = given(INVOICES, issued(thresholds=(7,)))

        assert [timer.name for timer in own.timers] == ["days_past_due/7/1"]
