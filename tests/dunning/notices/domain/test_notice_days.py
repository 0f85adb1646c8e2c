from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.dunning.notices.domain.notice_days import (
    LATE_DAYS_MAX,
    days_past_due,
    is_too_late,
)
from tests.support.dunning import DUE, ITEM_B, after, listed
from tests.support.dunning_samples import QUEUED

PRE_DUE = replace(QUEUED, step=-3, template="pre_due", written_on=after(-3))


class TestDaysPastDue:
    @pytest.mark.parametrize(("days", "shown"), [(-3, 0), (0, 0), (1, 1), (30, 30), (365, 365)])
    def test_counts_from_the_day_after_the_due_date(self, days: int, shown: int) -> None:
        assert days_past_due(DUE, after(days)) == shown


class TestIsTooLate:
    def test_is_not_said_on_its_day_nor_shortly_after(self) -> None:
        for days in range(LATE_DAYS_MAX + 1):
            assert not is_too_late(QUEUED, QUEUED.written_on + timedelta(days=days))

    def test_is_said_when_its_day_is_long_past(self) -> None:
        """An outage of seven weeks: what was written before it does not leave after it."""
        for days in (LATE_DAYS_MAX + 1, 49):
            assert is_too_late(QUEUED, QUEUED.written_on + timedelta(days=days))

    def test_is_said_of_due_soon_from_the_first_due_date_on(self) -> None:
        later = replace(listed(ITEM_B), due_on=after(2))
        two = replace(PRE_DUE, items=(listed(), later))
        assert not is_too_late(two, after(-1))
        assert is_too_late(two, DUE)
