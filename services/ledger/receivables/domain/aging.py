"""How old a debt is, and which bucket it is in: the one place that compares a due date with a day.

Nothing else may: decisions call it, and reports hand its bucket bounds to SQL as parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

THRESHOLDS: Final = (-3, 1, 30, 60, 90)  # days past due; negative: still ahead
EDGES: Final = (30, 60, 90)  # days past due: last day of each bucket but the open one
EDGES_MAX: Final = 12  # edges one report may name
THRESHOLDS_MAX: Final = 40  # of an invoice; each is an event of its own
EDGE_DAYS_MAX: Final = 36_500  # days past due an edge or a threshold may name
DUE_ON_MAX: Final = date(2199, 12, 31)  # later due dates are typing errors

CREDIT: Final = "credit"  # Unallocated money: a negative open amount, whatever its date.
NO_DUE_DATE: Final = "no_due_date"
NOT_DUE: Final = "not_due"


def days_past_due(due_on: date, as_of: date) -> int:
    """Zero on the due date, positive after it, negative before it."""
    return (as_of - due_on).days


def reached_on(threshold: int, *, due_on: date, since_on: date) -> date:
    """The day a threshold is reached; not before the item was open (since_on).

    At its start, so a payment on the same day comes after it.
    """
    return max(due_on + timedelta(days=threshold), since_on)


def is_ahead(due_on: date, as_of: date) -> bool:
    return days_past_due(due_on, as_of) < 0


class BadThresholds(ValueError):
    """Thresholds are days past due: not zero, each once, at least one above zero, and few."""


def checked_thresholds(days: Sequence[int]) -> Sequence[int]:
    """Gives them back. Raises BadThresholds, which says the rule."""
    if 0 in days or len(set(days)) < len(days) or max(days, default=0) < 1:
        raise BadThresholds("must be days other than 0, each once, at least one of them above 0")
    if len(days) > THRESHOLDS_MAX or max(map(abs, days)) > EDGE_DAYS_MAX:
        raise BadThresholds(f"at most {THRESHOLDS_MAX}, none beyond {EDGE_DAYS_MAX} days")
    return days


class BadEdges(ValueError):
    """Bucket edges must be whole days from 1 on, ascending, and few."""


def checked_edges(days: Sequence[int]) -> Sequence[int]:
    """Gives them back. Raises BadEdges, which says the rule."""
    dated_buckets(days)
    return days


class Bucket(NamedTuple):
    """Days past due from `first` to `last`, both inside; None: without bound."""

    name: str
    first: int | None
    last: int | None


def dated_buckets(edges: Sequence[int] = EDGES) -> Sequence[Bucket]:
    """The buckets of items with a due date, without gap or overlap. Raises BadEdges."""
    if not 0 < len(edges) <= EDGES_MAX or edges[0] < 1 or edges[-1] > EDGE_DAYS_MAX:
        raise BadEdges(f"must be 1 to {EDGES_MAX} days, from 1 to {EDGE_DAYS_MAX}")
    if any(low >= high for low, high in pairwise(edges)):
        raise BadEdges("must ascend")
    firsts = [1, *(edge + 1 for edge in edges[:-1])]
    return [
        Bucket(NOT_DUE, None, 0),
        *(
            Bucket(f"{first}_{last}" if first < last else f"{first}", first, last)
            for first, last in zip(firsts, edges, strict=True)
        ),
        Bucket(f"over_{edges[-1]}", edges[-1] + 1, None),
    ]


def due_between(bucket: Bucket, as_of: date) -> tuple[date | None, date | None]:
    """The earliest and latest due date of items in the bucket, both inside; None: without bound."""
    earliest = None if bucket.last is None else _days_before(as_of, bucket.last)
    latest = None if bucket.first is None else _days_before(as_of, bucket.first)
    return earliest, latest


def _days_before(day: date, days: int) -> date:
    """Stops at the first day there is."""
    return day - timedelta(days=min(days, (day - date.min).days))


def bucket_names(edges: Sequence[int] = EDGES) -> Sequence[str]:
    """Every bucket of a report, in its order."""
    return [CREDIT, NO_DUE_DATE, *(bucket.name for bucket in dated_buckets(edges))]


def bucket_of(
    open_minor: int, *, due_on: date | None, as_of: date, edges: Sequence[int] = EDGES
) -> str:
    """Exactly one bucket for every open item."""
    if open_minor < 0:
        return CREDIT
    if due_on is None:
        return NO_DUE_DATE
    days = days_past_due(due_on, as_of)
    for bucket in reversed(dated_buckets(edges)):
        if bucket.first is None or days >= bucket.first:
            return bucket.name
    raise AssertionError("the first bucket has no lower bound")  # pragma: no cover
