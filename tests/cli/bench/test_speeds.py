from __future__ import annotations

import pytest

from services.cli.bench.speeds import NothingMeasured, Run, Spread, quantile, run_of, spread


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
