from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credit.lines.domain.exposure import UTILIZATION_DAYS, Movement, utilization
from shared.kernel.money import CurrenciesMixed, Money

T = date(2026, 3, 31)


def yuan(minor: int) -> Money:
    return Money(minor, "CNY")


def moved(on: date, minor: int) -> Movement:
    return Movement(on, yuan(minor))


MOVEMENTS = st.lists(
    st.builds(
        lambda ago, minor: moved(T - timedelta(days=ago), minor),
        st.integers(-20, 200),
        st.integers(-(10**9), 10**9),
    ),
    max_size=20,
)


class TestUtilization:
    def test_is_the_mean_of_ninety_days_over_the_limit(self) -> None:
        movements = [
            moved(T - timedelta(days=300), 400),
            moved(T - timedelta(days=44), 200),  # There on half of the days.
            moved(T + timedelta(days=1), 10_000),
        ]

        assert utilization(movements, yuan(1_000), T) == Fraction(500, 1_000)

    def test_of_nothing_is_nothing(self) -> None:
        assert utilization([], yuan(1_000), T) == 0
        assert utilization([], yuan(0), T) == 0

    def test_of_a_limit_of_nothing_is_beyond_every_bin(self) -> None:
        assert utilization([moved(date(2025, 1, 1), 500)], yuan(0), T) > 1

    @pytest.mark.parametrize("other", ["USD", "JPY"])
    def test_refuses_a_movement_in_another_currency_than_the_limit(self, other: str) -> None:
        with pytest.raises(CurrenciesMixed):
            utilization([moved(T, 500), Movement(T, Money(500, other))], yuan(1_000), T)

    @given(MOVEMENTS, st.integers(1, 10**9))
    def test_is_the_mean_of_the_daily_exposures(
        self, movements: list[Movement], limit: int
    ) -> None:
        days = [T - timedelta(days=n) for n in range(UTILIZATION_DAYS)]
        daily = [sum(m.amount.minor for m in movements if m.effective_on <= day) for day in days]

        assert utilization(movements, yuan(limit), T) == Fraction(
            sum(daily), UTILIZATION_DAYS * limit
        )
