"""What the runs of a bench say. A speed is a ratio: of two things measured in one round."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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


class Speed(NamedTuple):
    """One thing over all rounds."""

    name: str
    per_second: Spread
    p50_ms: float  # Median of the rounds, as the next.
    p99_ms: float
    ratio: Spread  # Of its rate to the base's rate of the same round.
    p99_ratio: Spread  # The same of its p99: how much longer the slowest wait.


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


def speeds(rounds: Sequence[Mapping[str, Run]], base: str) -> Sequence[Speed]:
    """In the order of the first round. Every round has run all the same things."""
    return [
        Speed(
            name=name,
            per_second=spread([runs[name].per_second for runs in rounds]),
            p50_ms=median(runs[name].p50_ms for runs in rounds),
            p99_ms=median(runs[name].p99_ms for runs in rounds),
            ratio=spread([runs[name].per_second / runs[base].per_second for runs in rounds]),
            p99_ratio=spread([runs[name].p99_ms / runs[base].p99_ms for runs in rounds]),
        )
        for name in (rounds[0] if rounds else ())
    ]
