"""The behavior card: indicators -> points, coverage, reasons, caps. Exact; refuses nothing.

A customer without financial statements is judged by how it pays. An indicator nobody can know yet
is not applicable and lowers neither score nor coverage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from services.credit.scorecards.domain.behavior import Behavior
from services.credit.scorecards.domain.grade import GRADES, Rated, band_of, worse

Status = Literal["available", "not_available", "not_applicable"]
CapId = Literal[
    "COVERAGE_BELOW_80", "COVERAGE_BELOW_60", "OPEN_ITEM_OVER_90_DPD", "OPEN_ITEM_OVER_180_DPD"
]

ALLOCATIONS_MIN: Final = 3  # in the window; fewer say too little for a score
FULL_POINTS: Final = 100
COVERAGE_FULL: Final = Fraction(80, 100)  # below it the grade is capped
COVERAGE_PROVISIONAL: Final = Fraction(60, 100)  # below it the grade is capped further
DPD_SERIOUS: Final = 90  # days past due of an open item, above which the grade is capped
DPD_SEVERE: Final = 180  # days past due, above which it is capped further
WIRE_PLACES: Final = 4  # decimals of scores, shares and days on the wire


@dataclass(frozen=True, slots=True)
class AtMost:
    """The points of the first edge the value does not exceed; `beyond` above them all."""

    edges: Sequence[tuple[Fraction, int]]
    beyond: int

    def points(self, value: Fraction) -> int:
        return next((points for edge, points in self.edges if value <= edge), self.beyond)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The points of the first edge the value reaches; `below` under them all."""

    edges: Sequence[tuple[Fraction, int]]
    below: int

    def points(self, value: Fraction) -> int:
        return next((points for edge, points in self.edges if value >= edge), self.below)


@dataclass(frozen=True, slots=True)
class Line:
    """One indicator of the card."""

    id: str
    weight: int
    scale: AtMost | AtLeast


def _edges(*edges: tuple[int, int], per: int = 1) -> Sequence[tuple[Fraction, int]]:
    return tuple((Fraction(edge, per), points) for edge, points in edges)


CARD: Final[Sequence[Line]] = (
    Line("ADBT", 30, AtMost(_edges((0, 100), (7, 85), (15, 70), (30, 45), (60, 20)), 0)),
    Line("LATE_AMT", 14, AtMost(_edges((5, 100), (15, 80), (30, 55), (50, 30), per=100), 0)),
    Line("MAX_DPD", 14, AtMost(_edges((0, 100), (15, 80), (30, 60), (60, 35), (90, 15)), 0)),
    Line("TREND", 8, AtMost(_edges((-5, 100), (0, 80), (5, 60), (15, 30)), 0)),
    Line("PTP_BROKEN", 8, AtMost(_edges((0, 100), (10, 80), (25, 50), (50, 20), per=100), 0)),
    Line("UTIL", 8, AtMost(_edges((50, 100), (75, 80), (90, 55), (100, 30), per=100), 0)),
    Line("TENURE", 8, AtLeast(_edges((36, 100), (12, 70), (6, 40)), 20)),
    Line("INDUSTRY", 4, AtMost(_edges((0, 100), (1, 60)), 20)),  # Risk: 0 low, 1 middle, 2 high.
    Line("LEGAL", 4, AtMost(_edges((0, 100), (1, 50)), 15)),  # Cases: none, one minor, several.
    Line("YEARS", 2, AtLeast(_edges((10, 100), (5, 75), (3, 50), (1, 25)), 0)),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one indicator."""

    status: Status
    value: Fraction | None = None


NOT_APPLICABLE: Final = Seen("not_applicable")


@dataclass(frozen=True, slots=True)
class Judged:
    """One indicator and the points it is worth."""

    line: Line
    seen: Seen
    sub_score: int | None


@dataclass(frozen=True, slots=True)
class Reason:
    """An indicator and what it costs; together with the score they make FULL_POINTS."""

    id: str
    points_lost: Fraction


@dataclass(frozen=True, slots=True)
class Cap:
    """A rule outside the points that allows no better grade."""

    id: CapId
    grade: Rated


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    score: Fraction
    coverage: Fraction
    band: Rated  # The score's own.
    indicators: Sequence[Judged]
    reasons: Sequence[Reason]  # The costliest first.
    caps: Sequence[Cap]

    @property
    def cap(self) -> Rated:
        """The best grade that all caps allow."""
        best = GRADES[-1]
        for each in self.caps:
            best = worse(best, each.grade)
        return best


def seen_in(behavior: Behavior, utilization: Fraction | None) -> Mapping[str, Seen]:
    """The indicators that have a source; `utilization` is None where no limit is set."""
    return {
        "ADBT": _known(behavior.adbt),
        "LATE_AMT": _known(behavior.late_amt),
        "MAX_DPD": _known(behavior.max_dpd),
        "TREND": _known(behavior.trend),
        "UTIL": NOT_APPLICABLE if utilization is None else _known(utilization),
        "TENURE": _known(behavior.tenure_months),
    }


def can_be_scored(behavior: Behavior) -> bool:
    return behavior.allocations >= ALLOCATIONS_MIN


def assess(seen: Mapping[str, Seen], oldest_open_dpd: int) -> Assessment | None:
    """None where not one indicator is available."""
    judged = [_judge(line, seen.get(line.id, NOT_APPLICABLE)) for line in CARD]
    available = sum(each.line.weight for each in judged if each.sub_score is not None)
    applicable = sum(each.line.weight for each in judged if each.seen.status != "not_applicable")
    if not available:
        return None
    points = sum(each.line.weight * each.sub_score for each in judged if each.sub_score is not None)
    score, coverage = Fraction(points, available), Fraction(available, applicable)
    return Assessment(
        score=score,
        coverage=coverage,
        band=band_of(score),
        indicators=judged,
        reasons=_reasons(judged, available),
        caps=[*_coverage_caps(coverage), *_dpd_caps(oldest_open_dpd)],
    )


def to_wire(value: Fraction) -> str:
    """The one place where an exact value is rounded: half away from zero, for reading only."""
    scaled = abs(value) * 10**WIRE_PLACES
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    digits = str(units).rjust(WIRE_PLACES + 1, "0")
    sign = "-" if value < 0 and units else ""
    return f"{sign}{digits[:-WIRE_PLACES]}.{digits[-WIRE_PLACES:]}"


def _known(value: Fraction | int | None) -> Seen:
    return Seen("not_available") if value is None else Seen("available", Fraction(value))


def _judge(line: Line, seen: Seen) -> Judged:
    return Judged(line, seen, None if seen.value is None else line.scale.points(seen.value))


def _reasons(judged: Sequence[Judged], available: int) -> Sequence[Reason]:
    lost = [
        Reason(each.line.id, Fraction(each.line.weight * (FULL_POINTS - each.sub_score), available))
        for each in judged
        if each.sub_score is not None and each.sub_score < FULL_POINTS
    ]
    return sorted(lost, key=lambda reason: -reason.points_lost)  # Equal ones as on the card.


def _coverage_caps(coverage: Fraction) -> Sequence[Cap]:
    if coverage < COVERAGE_PROVISIONAL:
        return [Cap("COVERAGE_BELOW_60", "一般")]
    if coverage < COVERAGE_FULL:
        return [Cap("COVERAGE_BELOW_80", "良好")]
    return []


def _dpd_caps(oldest_open_dpd: int) -> Sequence[Cap]:
    if oldest_open_dpd > DPD_SEVERE:
        return [Cap("OPEN_ITEM_OVER_180_DPD", "一般")]
    if oldest_open_dpd > DPD_SERIOUS:
        return [Cap("OPEN_ITEM_OVER_90_DPD", "良好")]
    return []
