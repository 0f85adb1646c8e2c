from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.ledger.receivables.domain.invoice import events
from services.ledger.receivables.domain.invoice.state import State
from services.ledger.receivables.domain.invoice.timers import DaysPastDue, on_timer
from shared.kernel.days import start_of_day
from shared.kernel.decider import NOTHING, Due
from tests.support.invoices import (
    CANCELED,
    CURED,
    OVERDUE,
    SETTLED,
    THIRTY,
    applied,
    reach,
    reopened,
    unapplied,
)
from tests.support.ledger import (
    DUE_ON,
    INVOICES,
    ZONE,
    issued,
)
from tests.support.spec import given


def state_after(*history: events.Event) -> State:
    return given(INVOICES, issued(), *history).state


class TestOnTimer:
    def test_makes_it_overdue_at_the_start_of_the_day_after_the_due_date(self) -> None:
        assert reach(state_after(), 1).events == [OVERDUE]

    def test_is_dated_on_the_day_it_is_reached(self) -> None:
        assert reach(state_after(), 30).effective_on == date(2026, 4, 1)

    def test_happens_once(self) -> None:
        assert reach(state_after(OVERDUE), 1) == NOTHING

    def test_names_the_first_positive_one_overdue_and_counts_the_others(self) -> None:
        assert reach(state_after(OVERDUE), 30).events == [THIRTY]

    def test_changes_nothing_before_its_time(self) -> None:
        assert reach(state_after(), 1, early=timedelta(days=1)) == NOTHING

    def test_changes_nothing_of_an_installment_that_is_not_there(self) -> None:
        due_at = start_of_day(DUE_ON + timedelta(days=1), ZONE)

        assert on_timer(DaysPastDue(1, 2), state_after(), Due(due_at, due_at)) == NOTHING

    @pytest.mark.parametrize("end", [[applied("8000.00", "0.00"), SETTLED], [CANCELED]])
    def test_changes_nothing_once_nothing_is_open(self, end: list[events.Event]) -> None:
        assert reach(state_after(*end), 1) == NOTHING


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
        at = start_of_day(date(2026, 5, 1), ZONE)
        late = Due(at, at)
        assert on_timer(DaysPastDue(1, 1), again.state, late).effective_on == on
        assert on_timer(DaysPastDue(60, 1), again.state, late).effective_on == date(2026, 5, 1)

    def test_follow_the_thresholds_it_was_issued_with(self) -> None:
        own = given(INVOICES, issued(thresholds=(7,)))

        assert [timer.name for timer in own.timers] == ["days_past_due/7/1"]
