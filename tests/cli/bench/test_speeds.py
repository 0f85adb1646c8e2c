from __future__ import annotations

import pytest

from services.cli.bench.speeds import (
    NothingMeasured,
    Run,
    Spread,
    quantile,
    run_of,
    speeds,
    spread,
)


def run(per_second: float, p50_ms: float = 1.0, p99_ms: float = 2.0) -> Run:
    return Run(per_second, p50_ms, p99_ms)


class TestQuantile:
    @pytest.mark.parametrize(
        ("share", "expected"), [(0.0, 1.0), (0.5, 50.0), (0.501, 51.0), (0.99, 99.0), (1.0, 100.0)]
    )
    def test_is_the_least_value_that_so_many_do_not_exceed(
        self, share: float, expected: float
    ) -> None:
        assert quantile([float(n) for n in range(1, 101)], share) == expected

    def test_of_one_value_is_that_value(self) -> None:
        assert quantile([7.0], 0.5) == quantile([7.0], 0.99) == 7.0


class TestRunOf:
    def test_counts_answers_by_the_time_that_all_took(self) -> None:
        assert run_of("it", [0.004, 0.001, 0.002, 0.003], 2.0) == run(2.0, 2.0, 4.0)

    @pytest.mark.parametrize(("latencies_s", "took_s"), [([], 2.0), ([0.1], 0.0)])
    def test_says_nothing_of_no_answers_or_no_time(
        self, latencies_s: list[float], took_s: float
    ) -> None:
        with pytest.raises(NothingMeasured, match="aging"):
            run_of("aging", latencies_s, took_s)


class TestSpread:
    def test_of_an_even_number_has_the_middle_of_the_two_in_the_middle(self) -> None:
        assert spread([4.0, 1.0, 3.0, 9.0]) == Spread(3.5, 1.0, 9.0)


class TestSpeeds:
    def test_compare_with_the_base_of_the_same_round(self) -> None:
        """The machine was twice as slow in round two; what was compared was not."""
        rounds = [
            {"echo": run(1000.0), "issue": run(250.0)},
            {"echo": run(500.0), "issue": run(125.0)},
        ]
        echo, issue = speeds(rounds, "echo")
        assert (echo.name, issue.name) == ("echo", "issue")
        assert issue.ratio == Spread(0.25, 0.25, 0.25)
        assert issue.per_second == Spread(187.5, 125.0, 250.0)
        assert echo.ratio == Spread(1.0, 1.0, 1.0)

    def test_show_the_median_of_the_rounds_latencies(self) -> None:
        rounds = [{"echo": run(1.0, p50, p99)} for p50, p99 in [(1.0, 9.0), (5.0, 7.0), (2.0, 8.0)]]
        assert [(one.p50_ms, one.p99_ms) for one in speeds(rounds, "echo")] == [(2.0, 8.0)]

    def test_compare_the_slowest_with_those_of_the_same_round(self) -> None:
        rounds = [
            {"echo": run(1.0, p99_ms=2.0), "issue": run(1.0, p99_ms=8.0)},
            {"echo": run(1.0, p99_ms=50.0), "issue": run(1.0, p99_ms=100.0)},
        ]
        _, issue = speeds(rounds, "echo")
        assert issue.p99_ratio == Spread(3.0, 2.0, 4.0)

    def test_of_no_rounds_are_none(self) -> None:
        assert speeds([], "echo") == []
