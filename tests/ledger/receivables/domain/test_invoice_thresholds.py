from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.ledger.receivables.domain.invoice import decide, events
from shared.kernel.days import start_of_day
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


class TestReachThreshold:
    def test_makes_it_overdue_at_the_start_of_the_day_after_the_due_date(self) -> None:
        given(INVOICES, issued()).when(decide.reach_threshold, reach(1)).then(OVERDUE)

    def test_is_dated_on_the_day_it_is_reached(self) -> None:
        state = given(INVOICES, issued()).state

        assert decide.threshold_reached_on(reach(30), state) == date(2026, 4, 1)

    def test_happens_once(self) -> None:
        given(INVOICES, issued(), OVERDUE).when(decide.reach_threshold, reach(1)).then_nothing()

    def test_names_the_first_positive_one_overdue_and_counts_the_others(self) -> None:
        given(INVOICES, issued(), OVERDUE).when(decide.reach_threshold, reach(30)).then(THIRTY)

    def test_changes_nothing_before_its_time(self) -> None:
        early = replace(reach(1), due_at=start_of_day(DUE_ON, ZONE))

        given(INVOICES, issued()).when(decide.reach_threshold, early).then_nothing()

    @pytest.mark.parametrize("end", [[applied("8000.00", "0.00"), SETTLED], [CANCELED]])
    def test_changes_nothing_once_nothing_is_open(self, end: list[events.Event]) -> None:
        history: list[events.Event] = [issued(), *end]

        given(INVOICES, *history).when(decide.reach_threshold, reach(1)).then_nothing()


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
        assert decide.threshold_reached_on(reach(1), again.state) == on
        assert decide.threshold_reached_on(reach(60), again.state) == date(2026, 5, 1)

    def test_follow_the_thresholds_of_the_installation(self) -> None:
        own = decide.invoices((7,))

        assert [timer.name for timer in given(own, issued()).timers] == ["days_past_due/7/1"]
