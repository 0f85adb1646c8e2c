"""The lines of a bench's table: what was measured, beside what, in each round."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, NamedTuple

from services.cli.bench.plan import Plan
from services.cli.bench.speeds import Run, Spread, spread

Say = Callable[[str], None]  # Told what is being done.

COLUMNS: Final = (
    *("measured", "median", "min to max", "beside", "median", "ratio", "min to max"),
    *("p50 ms", "p99 ms", "p99 ratio"),
)


class Sample(NamedTuple):
    """One thing measured in one round, and what it is compared with."""

    value: float
    beside: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table. Without samples it says why in its note."""

    name: str
    unit: str = ""  # Of what was measured, such as events/s.
    beside: str = ""  # What it is compared with.
    beside_unit: str = ""  # The same as `unit` where it is left out.
    samples: Sequence[Sample] = ()
    p50_ms: float | None = None
    p99_ms: float | None = None
    p99_ratio: Spread | None = None
    note: str = ""
    has_failed: bool = False  # It should have been measured.

    @property
    def value(self) -> Spread:
        """What was measured, over the rounds."""
        return spread([sample.value for sample in self.samples])

    @property
    def ratio(self) -> Spread:
        """How it came out beside what it is compared with, each time in the same round."""
        return spread([sample.value / sample.beside for sample in self.samples])

    def cells(self) -> Sequence[str]:
        """The line as texts, one for each column."""
        if not self.samples:
            return (self.name, "not measured", *[""] * (len(COLUMNS) - 2))
        beside = median(sample.beside for sample in self.samples)
        latencies = (self.p50_ms, self.p99_ms, self.p99_ratio and self.p99_ratio.median)
        return (
            self.name,
            f"{number(self.value.median)} {self.unit}",
            _between(self.value),
            self.beside,
            f"{number(beside)} {self.beside_unit or self.unit}",
            number(self.ratio.median),
            _between(self.ratio),
            *("" if each is None else number(each) for each in latencies),
        )


def _between(spread: Spread) -> str:
    return f"{number(spread.lowest)} to {number(spread.highest)}"


def number(value: float) -> str:
    """Three digits that count, and no decimals from a hundred on."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def lines_of(
    rounds: Sequence[Mapping[str, Run]], base: str, notes: Mapping[str, str] | None = None
) -> Sequence[Line]:
    """The lines of what was asked for over and over, each beside the base of the same round.

    In the order of the first round. Every round has run all the same things.
    """
    return [
        Line(
            name=name,
            unit="/s",
            beside=base,
            samples=[Sample(runs[name].per_second, runs[base].per_second) for runs in rounds],
            p50_ms=median(runs[name].p50_ms for runs in rounds),
            p99_ms=median(runs[name].p99_ms for runs in rounds),
            p99_ratio=spread([runs[name].p99_ms / runs[base].p99_ms for runs in rounds]),
            note=(notes or {}).get(name, ""),
        )
        for name in (rounds[0] if rounds else ())
    ]


Measure = Callable[[Sequence[str], Plan, Say], Awaitable[Sequence[Line]]]
"""Measures one row: how this program is started, the plan, and who is told what is being done."""
