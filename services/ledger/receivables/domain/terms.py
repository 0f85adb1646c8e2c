"""Finds due dates, amounts and discount windows of agreed terms. Refuses what does not add up.

It is asked once, when an invoice is issued: what it found is in the event beside the rule, and
nothing finds a due date from a rule again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final, Literal, assert_never

from services.ledger.receivables.domain.aging import DUE_ON_MAX
from shared.kernel.days import add_months, end_of_month
from shared.kernel.decider import Rejected
from shared.kernel.money import Money, total
from shared.kernel.rejections import EffectiveDateOutOfRange

ADD_DAYS_MAX: Final = 3650  # days; longer terms are typing errors
ADD_MONTHS_MAX: Final = 120  # months; so are these
DAY_OF_MONTH_MAX: Final = 31  # a day of a month; a shorter month has its last day instead
PORTIONS_MAX: Final = 12  # installments of one invoice; each has timers and events of its own
DISCOUNTS_MAX: Final = 4  # discount windows of one invoice; each installment has all of them
PERCENT_DECIMALS_MAX: Final = 4  # decimals of a percent: a third is 33.3333, the rest is the last's

WHOLE: Final = "100"  # Percent of the total that one portion alone has.

Anchor = Literal[
    "invoice", "delivery", "acceptance", "statement", "invoice_receipt", "contract_signing"
]
MonthEnd = Literal["none", "end_of_month", "first_of_next_month"]
Order = Literal["month_first", "days_first"]


class DueDatePrecedesIssueDate(Rejected):
    """Something would be due before the invoice date."""


class PortionsNotWhole(Rejected):
    """The percents of the portions do not sum to exactly 100."""


class PortionNotPositive(Rejected):
    """Rounded to the currency's digits, a portion comes to zero or below."""


class DiscountOutOfOrder(Rejected):
    """Percents descend between 100 and 0, both excluded, while their days ascend from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRule:
    """How a due date follows from a day.

    The cut-off comes first and the fixed day last; `order` says whether the month's end and the
    months come before the days or after them.
    """

    anchor: Anchor
    anchor_on: date
    cutoff_day: int | None  # A later day of a month counts as the first of the next.
    month_end: MonthEnd
    add_months: int
    add_days: int
    fixed_day: int | None  # The first such day then or later.
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion(DueRule):
    """A share of the total with a due date of its own."""

    percent: str  # Decimal text.


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """What may be deducted by who pays so many days after the anchor's day, or earlier."""

    percent: str  # Decimal text.
    within_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """When what is to be paid, as it was agreed."""

    portions: tuple[Portion, ...]  # At least one; they sum to 100.
    discounts: tuple[Discount, ...]  # Of every portion, from its anchor's day. The highest first.


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountWindow:
    """A deduction from an installment, with the last day on which it can be taken."""

    last_on: date
    percent: str  # Decimal text.
    amount: Money  # What is to be paid by then, instead of the installment's amount.


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """An installment as terms make it."""

    due_on: date
    amount: Money
    discounts: tuple[DiscountWindow, ...]


def net_days(issued_on: date, days: int) -> Terms:
    """The whole is due so many days after the invoice date."""
    whole = Portion(
        anchor="invoice",
        anchor_on=issued_on,
        cutoff_day=None,
        month_end="none",
        add_months=0,
        add_days=days,
        fixed_day=None,
        order="month_first",
        percent=WHOLE,
    )
    return Terms(portions=(whole,), discounts=())


def due_on(rule: DueRule) -> date:
    """The day by which it is to be paid: never before the anchor's, never earlier for a later one.

    A month's end stays one: a month after 28 February it is 31 March. Any other day is cut to the
    last of a shorter month.
    """
    day = _after_cutoff(rule.anchor_on, rule.cutoff_day)
    days = timedelta(days=rule.add_days)
    match rule.order:
        case "month_first":
            day = _by_months(day, rule) + days
        case "days_first":
            day = _by_months(day + days, rule)
        case _:
            assert_never(rule.order)
    return day if rule.fixed_day is None else _on_fixed_day(day, rule.fixed_day)


def schedule(whole: Money, terms: Terms, issued_on: date) -> Sequence[Scheduled]:
    """The installments, the earliest due first; their amounts sum to the whole.

    Each is rounded half up to the currency's digits, and the portion named last takes what is
    left. Of one due date they keep the order in which they were named.
    """
    _check_discounts(terms.discounts)
    amounts = _amounts(whole, terms.portions)
    is_one = len(terms.portions) == 1  # Then the rule may stand beside the discounts.
    found = [
        Scheduled(
            due_on=_checked(portion, issued_on, "/terms" if is_one else f"/terms/portions/{at}"),
            amount=amount,
            discounts=tuple(_windows(terms.discounts, portion.anchor_on, amount)),
        )
        for at, (portion, amount) in enumerate(zip(terms.portions, amounts, strict=True))
    ]
    return sorted(found, key=lambda each: each.due_on)


def _after_cutoff(day: date, cutoff_day: int | None) -> date:
    if cutoff_day is None or day.day <= cutoff_day:
        return day
    return _first_of_next_month(day)


def _by_months(day: date, rule: DueRule) -> date:
    match rule.month_end:
        case "none":
            return add_months(day, rule.add_months)
        case "end_of_month":
            return end_of_month(add_months(end_of_month(day), rule.add_months))
        case "first_of_next_month":
            return add_months(_first_of_next_month(day), rule.add_months)
        case _:
            assert_never(rule.month_end)


def _first_of_next_month(day: date) -> date:
    return end_of_month(day) + timedelta(days=1)


def _on_fixed_day(day: date, fixed_day: int) -> date:
    """This month's, unless it is over; then the next month's."""
    found = _in_month_of(day, fixed_day)
    return found if found >= day else _in_month_of(_first_of_next_month(day), fixed_day)


def _in_month_of(day: date, fixed_day: int) -> date:
    return day.replace(day=min(fixed_day, end_of_month(day).day))


def _checked(rule: DueRule, issued_on: date, field: str) -> date:
    """Its due date. Numbers beyond the limits would be days that no calendar has."""
    is_far = rule.add_days > ADD_DAYS_MAX or rule.add_months > ADD_MONTHS_MAX
    if is_far or rule.anchor_on > DUE_ON_MAX:
        raise EffectiveDateOutOfRange(field)
    found = due_on(rule)
    if found > DUE_ON_MAX:
        raise EffectiveDateOutOfRange(field)
    if found < issued_on:
        raise DueDatePrecedesIssueDate(field)
    return found


def _amounts(whole: Money, portions: Sequence[Portion]) -> Sequence[Money]:
    if sum(Fraction(portion.percent) for portion in portions) != Fraction(WHOLE):
        raise PortionsNotWhole("/terms/portions")
    amounts = [_share(whole, Fraction(portion.percent)) for portion in portions[:-1]]
    amounts.append(whole - total(amounts, whole.currency))
    for at, amount in enumerate(amounts):
        if amount.minor <= 0:
            raise PortionNotPositive(f"/terms/portions/{at}/percent")
    return amounts


def _check_discounts(discounts: Sequence[Discount]) -> None:
    percent, days = Fraction(WHOLE), -1
    for at, each in enumerate(discounts):
        if not 0 < Fraction(each.percent) < percent or each.within_days <= days:
            raise DiscountOutOfOrder(f"/terms/discounts/{at}")
        percent, days = Fraction(each.percent), each.within_days


def _windows(
    discounts: Sequence[Discount], anchor_on: date, amount: Money
) -> Iterator[DiscountWindow]:
    for at, each in enumerate(discounts):
        if each.within_days > (DUE_ON_MAX - anchor_on).days:
            raise EffectiveDateOutOfRange(f"/terms/discounts/{at}/within_days")
        yield DiscountWindow(
            last_on=anchor_on + timedelta(days=each.within_days),
            percent=each.percent,
            amount=_share(amount, Fraction(WHOLE) - Fraction(each.percent)),
        )


def _share(whole: Money, percent: Fraction) -> Money:
    """So many percent of it, half a minor unit rounded up."""
    return Money((whole.minor * percent / 100 + Fraction(1, 2)) // 1, whole.currency)
