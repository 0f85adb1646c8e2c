"""How a customer paid, as of the end of any day. Exact fractions; nothing is rounded here.

Knows invoices and allocations of one account in one currency, and refuses two that are mixed; does
not see what is dated later. An allocation to an invoice without a due date says nothing about
punctuality and is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Final
from uuid import UUID

from shared.kernel.days import add_months, whole_months
from shared.kernel.money import Money, total

WINDOW_MONTHS: Final = 12  # calendar months of allocations that are looked at
LATE_GRACE_DAYS: Final = 3  # days after the due date that banks may need
TREND_RECENT_DAYS: Final = 90
TREND_TOTAL_DAYS: Final = 360  # the recent days and the 270 before them

# Average days beyond terms -> payment index, straight lines between; as the published tables have.
PAYMENT_INDEX: Final = (
    (-30, 100), (-20, 90), (0, 80), (15, 70), (22, 60), (30, 50), (60, 40), (90, 30), (120, 20),
    (240, 0),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One installment, as far as payment behavior looks at it."""

    open_item_id: UUID
    amount: Money
    issued_on: date
    due_on: date | None
    effective_on: date
    canceled_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """A part of a payment given to an installment; `unapplied_on`: it was taken back."""

    open_item_id: UUID
    amount: Money
    value_on: date
    due_on: date | None
    effective_on: date
    unapplied_on: date | None = None

    def counts(self, as_of: date) -> bool:
        if self.unapplied_on is not None and self.unapplied_on <= as_of:
            return False
        return self.effective_on <= as_of and self.value_on <= as_of


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of one account in one currency."""

    currency: str
    invoices: Sequence[Invoice]
    allocations: Sequence[Allocation]


@dataclass(frozen=True, slots=True)
class Histories:
    """All that is known of one account."""

    own: History  # In the account's currency: it is scored.
    others: Sequence[History]  # One for each other currency, by its code.


@dataclass(frozen=True, slots=True, kw_only=True)
class Behavior:
    """The indicators of one account at the end of the day `as_of`. None: nothing to say."""

    as_of: date
    allocations: int  # In the window.
    adbt: Fraction | None  # Average days beyond terms, weighted by amount.
    payment_index: Fraction | None
    late_cnt: Fraction | None  # Share of invoices,
    late_amt: Fraction | None  # share of amounts more than LATE_GRACE_DAYS late.
    max_dpd: int | None  # Of items open now or settled in the window; days past due.
    oldest_open_dpd: int  # Of items open now; 0 when nothing is overdue.
    trend: Fraction | None  # Days; above zero it gets worse.
    tenure_months: int | None

    @property
    def says_something(self) -> bool:
        """Whether anything was paid in the window, or is open, that has a due date."""
        return bool(self.allocations) or self.max_dpd is not None


@dataclass(frozen=True, slots=True)
class _Paid:
    """An allocation that counts, of an invoice with a due date."""

    open_item_id: UUID
    amount: Money
    value_on: date
    days_beyond_terms: int


@dataclass(frozen=True, slots=True)
class _Item:
    """An invoice as it stands at the end of the day."""

    open_item_id: UUID
    open_amount: Money
    days_past_due: int | None  # None: no due date. Of a settled one: when it was settled.
    settled_on: date | None


def window_start(as_of: date) -> date:
    """The last day before the window; a missing day is the month's last."""
    return add_months(as_of, -WINDOW_MONTHS)


def behavior(history: History, as_of: date) -> Behavior:
    counted = [each for each in history.allocations if each.counts(as_of)]
    issued = [each for each in history.invoices if _is_issued(each, as_of)]
    after = window_start(as_of)
    paid = _paid_between(counted, after, as_of)
    items = _items(issued, counted, as_of, history.currency)
    late_open = [each for each in items if _is_open_and_late(each)]
    adbt = _mean_beyond_terms(paid, history.currency)
    return Behavior(
        as_of=as_of,
        allocations=len(paid),
        adbt=adbt,
        payment_index=None if adbt is None else payment_index(adbt),
        late_cnt=_late_count(paid, late_open),
        late_amt=_late_amount(paid, late_open, history.currency),
        max_dpd=_max_days_past_due(items, after),
        oldest_open_dpd=max(
            [0, *(each.days_past_due or 0 for each in items if each.open_amount.minor)]
        ),
        trend=_trend(counted, as_of, history.currency),
        tenure_months=_tenure(issued, as_of),
    )


def payment_index(adbt: Fraction) -> Fraction:
    """100: a month early; 80: on the day; 0: eight months late."""
    if adbt <= PAYMENT_INDEX[0][0]:
        return Fraction(PAYMENT_INDEX[0][1])
    for (days, index), (next_days, next_index) in pairwise(PAYMENT_INDEX):
        if adbt <= next_days:
            return index + (adbt - days) * Fraction(next_index - index, next_days - days)
    return Fraction(0)


def _is_issued(invoice: Invoice, as_of: date) -> bool:
    is_canceled = invoice.canceled_on is not None and invoice.canceled_on <= as_of
    return invoice.effective_on <= as_of and not is_canceled


def _paid_between(allocations: Iterable[Allocation], after: date, until: date) -> list[_Paid]:
    return [
        _Paid(each.open_item_id, each.amount, each.value_on, (each.value_on - each.due_on).days)
        for each in allocations
        if each.due_on is not None and after < each.value_on <= until
    ]


def _items(
    invoices: Iterable[Invoice], counted: Iterable[Allocation], as_of: date, currency: str
) -> list[_Item]:
    nothing = Money.zero(currency)
    given: dict[UUID, Money] = {}
    last: dict[UUID, date] = {}
    for each in counted:
        given[each.open_item_id] = given.get(each.open_item_id, nothing) + each.amount
        last[each.open_item_id] = max(last.get(each.open_item_id, each.value_on), each.value_on)
    found = []
    for invoice in invoices:
        open_amount = invoice.amount - given.get(invoice.open_item_id, nothing)
        settled_on = None if open_amount.minor else last.get(invoice.open_item_id)
        until = settled_on or as_of
        dpd = None if invoice.due_on is None else (until - invoice.due_on).days
        found.append(_Item(invoice.open_item_id, open_amount, dpd, settled_on))
    return found


def _is_open_and_late(item: _Item) -> bool:
    return item.open_amount.minor > 0 and (item.days_past_due or 0) > LATE_GRACE_DAYS


def _is_late(paid: _Paid) -> bool:
    return paid.days_beyond_terms > LATE_GRACE_DAYS


def _share(part: Money, whole: Money) -> Fraction | None:
    return part / whole if whole.minor else None


def _mean_beyond_terms(paid: Sequence[_Paid], currency: str) -> Fraction | None:
    weighted = total((each.amount * each.days_beyond_terms for each in paid), currency)
    return _share(weighted, total((each.amount for each in paid), currency))


def _late_count(paid: Sequence[_Paid], late_open: Sequence[_Item]) -> Fraction | None:
    """An invoice is late when any part of it was, or is."""
    still = {each.open_item_id for each in late_open}
    late = {each.open_item_id for each in paid if _is_late(each)} | still
    seen = {each.open_item_id for each in paid} | still
    return Fraction(len(late), len(seen)) if seen else None


def _late_amount(
    paid: Sequence[_Paid], late_open: Sequence[_Item], currency: str
) -> Fraction | None:
    still = total((each.open_amount for each in late_open), currency)
    late = total((each.amount for each in paid if _is_late(each)), currency) + still
    return _share(late, total((each.amount for each in paid), currency) + still)


def _max_days_past_due(items: Iterable[_Item], after: date) -> int | None:
    days = [
        each.days_past_due
        for each in items
        if each.days_past_due is not None
        and (
            each.open_amount.minor > 0 or (each.settled_on is not None and each.settled_on > after)
        )
    ]
    return max(0, *days) if days else None


def _trend(counted: Sequence[Allocation], as_of: date, currency: str) -> Fraction | None:
    near = as_of - timedelta(days=TREND_RECENT_DAYS)
    far = as_of - timedelta(days=TREND_TOTAL_DAYS)
    recent = _mean_beyond_terms(_paid_between(counted, near, as_of), currency)
    earlier = _mean_beyond_terms(_paid_between(counted, far, near), currency)
    return None if recent is None or earlier is None else recent - earlier


def _tenure(issued: Sequence[Invoice], as_of: date) -> int | None:
    """Whole months since the first invoice that still stands."""
    days = [each.issued_on for each in issued if each.issued_on <= as_of]
    return whole_months(min(days), as_of) if days else None
