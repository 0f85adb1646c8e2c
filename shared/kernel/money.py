"""Money: whole minor units of one currency. No float enters or leaves; currencies never mix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import total_ordering
from typing import Final

# ISO 4217, list one as published on 2026-01-01: the active currencies by the number of their
# minor units. Metals, funds codes without minor units and test codes are no money here.
_CODES: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN "
        "BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD "
        "FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW "
        "KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR "
        "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG "
        "SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD "
        "USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENTS: Final = {code: digits for digits, codes in _CODES.items() for code in codes.split()}

MINOR_MAX: Final = 10**15  # minor units: what a BIGINT holds a thousand times over.

_DECIMALS_MAX: Final = 24  # decimals read at most; those behind the currency's must be zeros
_AMOUNT: Final = re.compile(rf"(-?)(0|[1-9][0-9]{{0,17}})(?:\.([0-9]{{1,{_DECIMALS_MAX}}}))?")


class UnknownCurrency(ValueError):
    """Not an active ISO 4217 code."""


class AmountMalformed(ValueError):
    """Not a plain decimal number such as 1234.50."""


class AmountTooPrecise(ValueError):
    """A digit other than zero behind the currency's decimals."""


class AmountTooLarge(ValueError):
    """Beyond MINOR_MAX."""


class CurrenciesMixed(ValueError):
    """Two currencies met in one sum or comparison."""


def exponent(currency: str) -> int:
    """Decimals of the currency. Raises UnknownCurrency."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


@total_ordering
class Money:
    """An amount in minor units. A plain class, so that the codec alone says how it is written."""

    __slots__ = ("currency", "minor")

    minor: int
    currency: str

    def __init__(self, minor: int, currency: str) -> None:
        exponent(currency)
        object.__setattr__(self, "minor", minor)
        object.__setattr__(self, "currency", currency)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Money is immutable: {name}")

    @classmethod
    def of(cls, text: str, currency: str) -> Money:
        """Reads '1234.50'. Zeros behind the currency's decimals say nothing: 100.00 JPY is 100.

        Raises UnknownCurrency, AmountMalformed, AmountTooPrecise, AmountTooLarge.
        """
        decimals = exponent(currency)
        found = _AMOUNT.fullmatch(text)
        if found is None:
            raise AmountMalformed(text)
        sign, whole, fraction = found[1], found[2], found[3] or ""
        if fraction[decimals:].strip("0"):
            raise AmountTooPrecise(text)
        minor = int(whole + fraction[:decimals].ljust(decimals, "0"))
        if minor > MINOR_MAX:
            raise AmountTooLarge(text)
        return cls(-minor if sign else minor, currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @property
    def amount(self) -> str:
        """The decimal text with exactly the currency's decimals: '1234.50'."""
        decimals = EXPONENTS[self.currency]
        digits = str(abs(self.minor)).rjust(decimals + 1, "0")
        sign = "-" if self.minor < 0 else ""
        return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, weight: int) -> Money:
        return Money(self.minor * weight, self.currency)

    def __truediv__(self, whole: Money) -> Fraction:
        """The exact share of the whole. Raises ZeroDivisionError."""
        return Fraction(self.minor, self._same(whole).minor)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.minor == other.minor and self.currency == other.currency

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other).minor

    def __hash__(self) -> int:
        return hash((self.minor, self.currency))

    def __repr__(self) -> str:
        return f"Money({self.amount} {self.currency})"

    def _same(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise CurrenciesMixed(f"{self.currency} and {other.currency} do not mix")
        return other


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The exact sum; zero of the currency when there is nothing to add."""
    zero = Money.zero(currency)
    return Money(sum(zero._same(amount).minor for amount in amounts), currency)


def split(whole: Money, weights: Sequence[int]) -> tuple[Money, ...]:
    """Shares in proportion to the weights that add up to the whole (largest remainder, Hamilton).

    Ties go to the earlier share. Raises ValueError for a negative weight, or none positive.
    """
    if not weights or min(weights) < 0 or sum(weights) == 0:
        raise ValueError("weights must be zero or more, and one at least positive")
    sign, amount, of = (-1 if whole.minor < 0 else 1), abs(whole.minor), sum(weights)
    shares = [amount * weight // of for weight in weights]
    left = amount - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % of), i))
    for i in by_remainder[:left]:
        shares[i] += 1
    return tuple(Money(sign * share, whole.currency) for share in shares)
