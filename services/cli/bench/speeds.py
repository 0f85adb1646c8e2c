"""What the runs of a bench say. A speed is a ratio: of two things measured in one round."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class BenchFailed(Exception):
    """What was to be measured did not come up, did not answer, or did not keep up."""


class NothingMeasured(BenchFailed):
    """A run got no answer in its time, so that nothing can be said of it."""


class Run(NamedTuple):
    """One thing asked for again and again, for a while, in one round."""

    per_second: float
    p50_ms: float
    p99_ms: float


class Spread(NamedTuple):
    """How a number came out over the rounds."""

    median: float
    lowest: float
    highest: float


def run_of(name: str, latencies_s: Sequence[float], took_s: float) -> Run:
    """Raises NothingMeasured."""
    if not latencies_s or took_s <= 0:
        raise NothingMeasured(f"{name}: no answer in {took_s:.1f} s")
    ordered = sorted(latencies_s)
    return Run(
        per_second=len(ordered) / took_s,
        p50_ms=1000 * quantile(ordered, 0.50),
        p99_ms=1000 * quantile(ordered, 0.99),
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    """The least value that so large a share does not exceed (nearest rank)."""
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def spread(numbers: Sequence[float]) -> Spread:
    return Spread(median(numbers), min(numbers), max(numbers))
