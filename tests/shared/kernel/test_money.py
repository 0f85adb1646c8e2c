from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from operator import add, lt, sub, truediv

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.money import (
    EXPONENTS,
    MINOR_MAX,
    AmountMalformed,
    AmountTooLarge,
    AmountTooPrecise,
    CurrenciesMixed,
    Money,
    UnknownCurrency,
    split,
    total,
)

currencies = st.sampled_from(["CNY", "JPY", "KWD", "CLF"])
minors = st.integers(-MINOR_MAX, MINOR_MAX)


class TestMoney:
    @pytest.mark.parametrize(
        ("text", "currency", "minor"),
        [
            ("1234.50", "CNY", 123450),
            ("1234.5", "CNY", 123450),
            ("-0.01", "CNY", -1),
            ("7", "JPY", 7),
            ("0.005", "KWD", 5),
            ("100.00", "JPY", 100),
            ("0.4900", "RSD", 49),
            ("1.000000000000000000", "KWD", 1000),
        ],
    )
    def test_reads_plain_decimals(self, text: str, currency: str, minor: int) -> None:
        assert Money.of(text, currency) == Money(minor, currency)

    @pytest.mark.parametrize(
        "text", ["", "1e3", "1,000", "+1", " 1", "01", "1.", ".5", "NaN", "\uff11"]
    )
    def test_refuses_what_is_not_a_plain_decimal(self, text: str) -> None:
        with pytest.raises(AmountMalformed):
            Money.of(text, "CNY")

    @pytest.mark.parametrize(
        ("text", "currency"),
        [("1.5", "JPY"), ("100.01", "JPY"), ("1.0005", "KWD"), ("1.001", "CNY")],
    )
    def test_refuses_a_digit_behind_those_of_the_currency(self, text: str, currency: str) -> None:
        with pytest.raises(AmountTooPrecise):
            Money.of(text, currency)

    def test_refuses_more_than_the_store_can_add_up(self) -> None:
        with pytest.raises(AmountTooLarge):
            Money.of("10000000000000.01", "CNY")

    def test_refuses_a_currency_that_iso_4217_does_not_list(self) -> None:
        with pytest.raises(UnknownCurrency):
            Money(1, "RMB")

    def test_never_mixes_two_currencies(self) -> None:
        with pytest.raises(CurrenciesMixed):
            _ = Money(1, "CNY") + Money(1, "EUR")
        with pytest.raises(CurrenciesMixed):
            _ = Money(2, "CNY") > Money(1, "EUR")

    @pytest.mark.parametrize(
        "meet",
        [add, sub, lt, truediv, lambda one, other: total([one, other], one.currency)],
        ids=["+", "-", "<", "/", "total"],
    )
    @pytest.mark.parametrize("other", ["USD", "JPY", "KWD"])
    def test_never_meets_another_currency(
        self, meet: Callable[[Money, Money], object], other: str
    ) -> None:
        with pytest.raises(CurrenciesMixed):
            meet(Money(1, "CNY"), Money(1, other))

    def test_is_weighted_and_shared_exactly(self) -> None:
        assert Money(700, "CNY") * -3 == Money(-2100, "CNY")
        assert Money(1, "JPY") / Money(3, "JPY") == Fraction(1, 3)
        with pytest.raises(ZeroDivisionError):
            Money(1, "JPY") / Money(0, "JPY")

    def test_cannot_be_changed(self) -> None:
        with pytest.raises(AttributeError, match="immutable"):
            Money(1, "CNY").minor = 2

    @given(minors, currencies)
    def test_is_read_back_as_it_was_written(self, minor: int, currency: str) -> None:
        money = Money(minor, currency)

        assert Money.of(money.amount, currency) == money

    @given(st.lists(st.integers(-1000, 1000)))
    def test_adds_up_in_any_order(self, minors: list[int]) -> None:
        amounts = [Money(minor, "CNY") for minor in minors]

        assert total(amounts, "CNY") == total(reversed(amounts), "CNY") == Money(sum(minors), "CNY")


class TestCurrencies:
    def test_are_those_of_iso_4217_with_their_minor_units(self) -> None:
        """SIX publishes the list for ISO; the package holds it as of 2026-01-01."""
        listed = {
            each.code: each.exponent for each in iso4217.Currency if each.exponent is not None
        }

        assert iso4217.__published__ == date(2026, 1, 1)
        assert listed == EXPONENTS

    @pytest.mark.parametrize("new", ["XCD", "XCG", "SLE", "ZWG"])
    def test_have_those_that_were_missing_and_those_of_late(self, new: str) -> None:
        """Seen: no dollar of the East Caribbean, no guilder of Curaçao."""
        assert Money.of("100.00", new) == Money(10_000, new)

    @pytest.mark.parametrize("old", ["ANG", "SLL", "ZWL", "HRK", "XCX"])
    def test_have_none_that_is_out_of_use_or_never_was(self, old: str) -> None:
        with pytest.raises(UnknownCurrency):
            Money.of("100.00", old)


class TestSplit:
    def test_gives_the_odd_cent_to_the_largest_remainder(self) -> None:
        assert split(Money(100, "CNY"), [1, 1, 1]) == (
            Money(34, "CNY"),
            Money(33, "CNY"),
            Money(33, "CNY"),
        )

    def test_refuses_weights_that_say_nothing(self) -> None:
        for weights in ([], [0, 0], [1, -1]):
            with pytest.raises(ValueError, match="weights"):
                split(Money(1, "CNY"), weights)

    @given(minors, st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
    def test_loses_nothing_and_is_off_by_less_than_one_unit(
        self, minor: int, weights: list[int]
    ) -> None:
        shares = split(Money(minor, "CNY"), weights)

        assert sum(share.minor for share in shares) == minor
        assert all(
            abs(share.minor * sum(weights) - minor * weight) < sum(weights)
            for share, weight in zip(shares, weights, strict=True)
        )
