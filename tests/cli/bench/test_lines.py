from __future__ import annotations

import pytest

from services.cli.bench.lines import COLUMNS, Line, Sample, lines_of, number
from services.cli.bench.speeds import Run, Spread


def run(per_second: float, p50_ms: float = 1.0, p99_ms: float = 2.0) -> Run:
    return Run(per_second, p50_ms, p99_ms)


class TestNumber:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [(0.1626, "0.163"), (1.335, "1.33"), (55.26, "55.3"), (108.4, "108"), (67409.1, "67,409")],
    )
    def test_has_as_many_digits_as_count(self, value: float, shown: str) -> None:
        assert number(value) == shown


class TestLine:
    def test_compares_each_sample_with_that_of_the_same_round(self) -> None:
        """The machine was twice as slow in round two; what was compared was not."""
        line = Line(name="relay", samples=[Sample(250.0, 1000.0), Sample(125.0, 500.0)])
        assert line.ratio == Spread(0.25, 0.25, 0.25)
        assert line.value == Spread(187.5, 125.0, 250.0)

    def test_shows_a_cell_for_each_column(self) -> None:
        line = Line(name="import", unit="lines/s", beside="echo", beside_unit="/s")
        measured = [Sample(50.0, 5000.0), Sample(60.0, 7500.0)]
        shown = Line(**{**vars(line), "samples": measured}).cells()
        assert dict(zip(COLUMNS, shown, strict=True))["ratio"] == "0.009"
        assert shown[:5] == ("import", "55.0 lines/s", "50.0 to 60.0", "echo", "6,250 /s")

    def test_that_was_not_measured_says_so(self) -> None:
        cells = Line(name="peer-save", note="not there").cells()
        assert cells[:2] == ("peer-save", "not measured")
        assert len(cells) == len(COLUMNS)


class TestLinesOf:
    def test_are_each_beside_the_base_in_the_order_of_the_first_round(self) -> None:
        rounds = [
            {"echo": run(1000.0), "issue": run(250.0)},
            {"echo": run(500.0), "issue": run(125.0)},
        ]
        echo, issue = lines_of(rounds, "echo", {"issue": "seen"})
        assert (echo.name, issue.name) == ("echo", "issue")
        assert (echo.ratio.median, issue.ratio.median) == (1.0, 0.25)
        assert (echo.note, issue.note) == ("", "seen")

    def test_show_the_median_of_the_rounds_latencies(self) -> None:
        rounds = [{"echo": run(1.0, p50, p99)} for p50, p99 in [(1.0, 9.0), (5.0, 7.0), (2.0, 8.0)]]
        assert [(one.p50_ms, one.p99_ms) for one in lines_of(rounds, "echo")] == [(2.0, 8.0)]

    def test_compare_the_slowest_with_those_of_the_same_round(self) -> None:
        rounds = [
            {"echo": run(1.0, p99_ms=2.0), "issue": run(1.0, p99_ms=8.0)},
            {"echo": run(1.0, p99_ms=50.0), "issue": run(1.0, p99_ms=100.0)},
        ]
        _, issue = lines_of(rounds, "echo")
        assert issue.p99_ratio == Spread(3.0, 2.0, 4.0)

    def test_of_no_rounds_are_none(self) -> None:
        assert lines_of([], "echo") == []
