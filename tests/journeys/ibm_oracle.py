"""What a drive-clock import of the IBM ledger must give, computed without the project.

Standard library only. From the CSV alone: aging, overdue alerts, payment behavior and the month-end
reviews (score, grade), for a clock driven from FIRST_DAY to LAST_DAY. What dunning does about it
stands in `ibm_deeds.py`.

The book: account = customerID, currency CNY, due_on = InvoiceDate + 30 days, paid in full by one
allocation with value date SettledDate. Amounts are integers of minor units, ratios are fractions:
nothing is rounded before it is compared with an edge.

A day D runs in this order:
1. clock to D 00:00: thresholds n with due_on + n == D are reached (so iff SettledDate >= D), and
   they see the grade of the last review *before* this night's;
2. same instant, if D is the 1st: the review of T = D - 1 day, seeing everything dated <= T;
3. D's invoices, then D's payments; a payment ends every alert raised for its item.

Never met in this book: a knock-out or its cap (no item is more than 45 days late), a coverage cap
(coverage is 74/74 or, without TREND, 66/74 = 0.89), UTIL (no limit), an unscored review after a
scored one. The totals of the issue count `grade`, after hysteresis, over the scored reviews.
"""

from __future__ import annotations

import csv
import itertools
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

FIRST_DAY = date(2012, 1, 1)
LAST_DAY = date(2014, 1, 31)
NET_DAYS = 30
THRESHOLDS = (-3, 1, 30, 60, 90)
BUCKETS = ("credit", "no_due_date", "not_due", "1_30", "31_60", "61_90", "over_90")
BUCKET_LAST_DAYS = (("not_due", 0), ("1_30", 30), ("31_60", 60), ("61_90", 90))
LATE_GRACE_DAYS = 3
ALLOCATIONS_MIN = 3

UNRATED = "未评级"
GRADES = ("较差", "一般", "良好", "优质")  # worst first
GRADE_FLOORS = (0, 50, 65, 80)  # score >= floor
Bins = tuple[tuple[Fraction, int], ...]  # (upper edge, sub-score)
HYSTERESIS_POINTS, UPGRADE_REVIEWS, UPGRADE_DAYS_MIN = 3, 3, 90


def bins(*edges: tuple[int, int], per: int = 1) -> Bins:
    return tuple((Fraction(edge, per), points) for edge, points in edges)


# id -> (weight, ((upper edge, sub-score), ...), sub-score above the last edge); value <= edge.
CARD: dict[str, tuple[int, Bins, int]] = {
    "ADBT": (30, bins((0, 100), (7, 85), (15, 70), (30, 45), (60, 20)), 0),
    "LATE_AMT": (14, bins((5, 100), (15, 80), (30, 55), (50, 30), per=100), 0),
    "MAX_DPD": (14, bins((0, 100), (15, 80), (30, 60), (60, 35), (90, 15)), 0),
    "TREND": (8, bins((-5, 100), (0, 80), (5, 60), (15, 30)), 0),
    # >= 36 months 100, >= 12: 70, >= 6: 40, else 20, written for whole months as <=
    "TENURE": (8, bins((5, 20), (11, 40), (35, 70)), 100),
}
APPLICABLE_WEIGHT = 74  # the five above; UTIL never applies here: no limit is set
PAYMENT_INDEX = (
    (-30, 100), (-20, 90), (0, 80), (15, 70), (22, 60), (30, 50), (60, 40), (90, 30), (120, 20),
    (240, 0),
)  # fmt: skip


@dataclass(frozen=True)
class Invoice:
    number: str
    account: str
    issued_on: date
    settled_on: date
    amount_minor: int

    @property
    def due_on(self) -> date:
        return self.issued_on + timedelta(days=NET_DAYS)

    @property
    def days_beyond_terms(self) -> int:
        return (self.settled_on - self.due_on).days

    def is_open(self, as_of: date) -> bool:
        """Open at the end of the day as_of."""
        return self.issued_on <= as_of < self.settled_on

    def reaches(self, threshold: int) -> bool:
        """The threshold's day begins before that day's payments come in."""
        day = self.due_on + timedelta(days=threshold)
        return day <= self.settled_on and day <= LAST_DAY


@dataclass(frozen=True)
class Behavior:
    """Indicators of one account at the end of day T; None = missing."""

    allocations: int
    adbt: Fraction | None
    payment_index: Fraction | None
    late_cnt: Fraction | None
    late_amt: Fraction | None
    max_dpd: int | None
    trend: Fraction | None
    tenure_months: int | None


@dataclass(frozen=True)
class Review:
    account: str
    effective_on: date
    behavior: Behavior
    score: Fraction | None
    coverage: Fraction | None
    band: str | None  # the score's own
    grade: str  # after hysteresis


@dataclass(frozen=True)
class Standing:
    """The memory of the hysteresis between two scored reviews."""

    grade: str = UNRATED
    changed_on: date = date.min
    watch: int = 0
    strong: int = 0


@dataclass(frozen=True)
class Alert:
    invoice: str
    account: str
    threshold: int
    raised_on: date
    recovered_on: date
    grade: str


def parse_day(text: str) -> date:
    month, day, year = (int(part) for part in text.split("/"))
    return date(year, month, day)


def parse_minor(text: str) -> int:
    minor = Decimal(text) * 100
    if minor != int(minor):
        raise ValueError(f"more than two decimals: {text}")
    return int(minor)


def read_invoices(path: Path) -> list[Invoice]:
    with path.open(newline="", encoding="utf-8") as file:
        return [
            Invoice(
                number=row["invoiceNumber"],
                account=row["customerID"],
                issued_on=parse_day(row["InvoiceDate"]),
                settled_on=parse_day(row["SettledDate"]),
                amount_minor=parse_minor(row["InvoiceAmount"]),
            )
            for row in csv.DictReader(file)
        ]


def by_account(invoices: Iterable[Invoice]) -> dict[str, list[Invoice]]:
    books: dict[str, list[Invoice]] = defaultdict(list)
    for invoice in invoices:
        books[invoice.account].append(invoice)
    return dict(sorted(books.items()))


def bucket_of(days_past_due: int) -> str:
    return next((b for b, last in BUCKET_LAST_DAYS if days_past_due <= last), "over_90")


def aging(invoices: Iterable[Invoice], as_of: date) -> dict[str, tuple[int, Decimal]]:
    """Count and amount per bucket at the end of the day as_of."""
    counts: Counter[str] = Counter()
    minors: Counter[str] = Counter()
    for invoice in invoices:
        if invoice.is_open(as_of):
            bucket = bucket_of((as_of - invoice.due_on).days)
            counts[bucket] += 1
            minors[bucket] += invoice.amount_minor
    return {bucket: (counts[bucket], Decimal(minors[bucket]).scaleb(-2)) for bucket in BUCKETS}


def day_in_month(year: int, month: int, day: int) -> date:
    """That day, or the month's last where the month is too short."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def whole_months(first: date, last: date) -> int:
    """A whole month ends on the same day, or on the last of a month that lacks it."""
    months = (last.year - first.year) * 12 + last.month - first.month
    return months - (day_in_month(last.year, last.month, first.day) > last)


def minor_of(items: Iterable[Invoice]) -> int:
    return sum(item.amount_minor for item in items)


def total_invoiced(invoices: Iterable[Invoice]) -> Decimal:
    return Decimal(minor_of(invoices)).scaleb(-2)


def ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def mean_beyond_terms(paid: Sequence[Invoice]) -> Fraction | None:
    return ratio(sum(item.amount_minor * item.days_beyond_terms for item in paid), minor_of(paid))


def payment_index(adbt: Fraction) -> Fraction:
    if adbt <= PAYMENT_INDEX[0][0]:
        return Fraction(100)
    for (low, high_index), (high, low_index) in itertools.pairwise(PAYMENT_INDEX):
        if adbt <= high:
            return high_index + (adbt - low) * Fraction(low_index - high_index, high - low)
    return Fraction(0)


def paid_between(book: Iterable[Invoice], after: date, until: date) -> list[Invoice]:
    return [item for item in book if after < item.settled_on <= until]


def trend(book: Sequence[Invoice], as_of: date) -> Fraction | None:
    near, far = as_of - timedelta(days=90), as_of - timedelta(days=360)
    recent = mean_beyond_terms(paid_between(book, near, as_of))
    earlier = mean_beyond_terms(paid_between(book, far, near))
    return None if recent is None or earlier is None else recent - earlier


def behavior(book: Sequence[Invoice], as_of: date) -> Behavior:
    """One account's invoices -> its indicators at the end of the day as_of."""
    paid = paid_between(book, day_in_month(as_of.year - 1, as_of.month, as_of.day), as_of)
    still_open = [item for item in book if item.is_open(as_of)]
    overdue = {item.number: (as_of - item.due_on).days for item in still_open}
    late_open = [item for item in still_open if overdue[item.number] > LATE_GRACE_DAYS]
    late = [item for item in paid if item.days_beyond_terms > LATE_GRACE_DAYS] + late_open
    counted = paid + late_open
    dpd = [item.days_beyond_terms for item in paid] + list(overdue.values())
    adbt = mean_beyond_terms(paid)
    issued = [item.issued_on for item in book if item.issued_on <= as_of]
    return Behavior(
        allocations=len(paid),
        adbt=adbt,
        payment_index=None if adbt is None else payment_index(adbt),
        late_cnt=ratio(len(late), len(counted)),
        late_amt=ratio(minor_of(late), minor_of(counted)),
        max_dpd=max(0, *dpd) if dpd else None,
        trend=trend(book, as_of),
        tenure_months=whole_months(min(issued), as_of) if issued else None,
    )


def sub_score(indicator: str, value: Fraction) -> int:
    _, edges, beyond = CARD[indicator]
    return next((points for edge, points in edges if value <= edge), beyond)


def score(seen: Behavior) -> tuple[Fraction, Fraction]:
    """Score and coverage, unrounded: sum(w x s) / sum(w), and sum(w) / applicable weight."""
    names = ("ADBT", "LATE_AMT", "MAX_DPD", "TREND", "TENURE")
    values = (seen.adbt, seen.late_amt, seen.max_dpd, seen.trend, seen.tenure_months)
    known = {n: Fraction(v) for n, v in zip(names, values, strict=True) if v is not None}
    weight = sum(CARD[name][0] for name in known)
    points = sum(CARD[name][0] * sub_score(name, value) for name, value in known.items())
    return Fraction(points, weight), Fraction(weight, APPLICABLE_WEIGHT)


def band_of(points: Fraction) -> str:
    return GRADES[sum(points >= floor for floor in GRADE_FLOORS) - 1]


def next_standing(standing: Standing, points: Fraction, as_of: date) -> Standing:
    """One scored review of the state machine; an unscored review does not come here.

    Every change of grade, the first one too, clears both counters. Of the two counters a review
    that feeds one clears the other; `strong` also counts while the 90 days are not over.
    """
    own = band_of(points)
    if standing.grade == UNRATED:
        return Standing(grade=own, changed_on=as_of)
    level = GRADES.index(standing.grade)
    floor = GRADE_FLOORS[level]
    if points < floor - HYSTERESIS_POINTS:
        return Standing(grade=own, changed_on=as_of)
    if points < floor:
        if standing.watch + 1 == 2:
            return Standing(grade=GRADES[level - 1], changed_on=as_of)
        return replace(standing, watch=standing.watch + 1, strong=0)
    if level + 1 == len(GRADES) or points < GRADE_FLOORS[level + 1] + HYSTERESIS_POINTS:
        return replace(standing, watch=0, strong=0)
    strong = standing.strong + 1
    rested = (as_of - standing.changed_on).days >= UPGRADE_DAYS_MIN
    if strong >= UPGRADE_REVIEWS and rested:
        return Standing(grade=GRADES[level + 1], changed_on=as_of)
    return replace(standing, watch=0, strong=strong)


def month_ends(last_day: date = LAST_DAY) -> Iterator[date]:
    """Month ends whose review, at 00:00 of the day after, the clock reaches."""
    day = FIRST_DAY
    while True:
        day = day_in_month(day.year, day.month, 31)
        if day + timedelta(days=1) > last_day:
            return
        yield day
        day += timedelta(days=1)


def reviews_of(account: str, book: Sequence[Invoice]) -> Iterator[Review]:
    first = min(item.issued_on for item in book)
    standing = Standing()
    for as_of in month_ends():
        if as_of < first:
            continue
        seen = behavior(book, as_of)
        if seen.allocations < ALLOCATIONS_MIN:
            yield Review(account, as_of, seen, None, None, None, standing.grade)
            continue
        points, coverage = score(seen)
        standing = next_standing(standing, points, as_of)
        yield Review(account, as_of, seen, points, coverage, band_of(points), standing.grade)


def reviews(invoices: Iterable[Invoice]) -> list[Review]:
    books = by_account(invoices)
    return [row for account, book in books.items() for row in reviews_of(account, book)]


def grade_before(history: Sequence[Review], day: date) -> str:
    """The grade at the start of the day, before that night's review (of the day before)."""
    past = [row.grade for row in history if row.effective_on + timedelta(days=1) < day]
    return past[-1] if past else UNRATED


def histories_of(rows: Iterable[Review]) -> dict[str, list[Review]]:
    histories: dict[str, list[Review]] = defaultdict(list)
    for row in rows:
        histories[row.account].append(row)
    return histories


def alerts(invoices: Iterable[Invoice], rows: Iterable[Review]) -> list[Alert]:
    """One per item and overdue threshold; each recovers on the day the item is settled."""
    histories = histories_of(rows)
    found: list[Alert] = []
    for item in invoices:
        for threshold in (n for n in THRESHOLDS if n > 0 and item.reaches(n)):
            day = item.due_on + timedelta(days=threshold)
            grade = grade_before(histories[item.account], day)
            found.append(Alert(item.number, item.account, threshold, day, item.settled_on, grade))
    return found
