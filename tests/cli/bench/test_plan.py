from __future__ import annotations

import pytest

from services.cli.bench.bench import measure_of
from services.cli.bench.plan import BACKLOG, OTHERS, REQUESTS, ROWS, SIZES, Plan


class TestPlan:
    def test_has_every_row_where_none_is_named(self) -> None:
        plan = Plan(1.0, 1, 1)
        assert plan.has_requests
        assert all(plan.has(row) for row in ROWS)

    @pytest.mark.parametrize("only", ROWS)
    def test_has_the_row_that_is_named_alone(self, only: str) -> None:
        plan = Plan(1.0, 1, 1, only)
        assert [row for row in ROWS if plan.has(row)] == [only]
        assert plan.has_requests == (only in REQUESTS)

    def test_says_how_much_of_a_row_is_done(self) -> None:
        _, usual, full = SIZES[BACKLOG]
        sizes = [Plan(1.0, 1, 1).size_of(BACKLOG), Plan(1.0, 1, 1, is_full=True).size_of(BACKLOG)]
        assert sizes == [usual, full]
        assert Plan(1.0, 1, 1, BACKLOG, is_full=True, size=700).size_of(BACKLOG) == 700

    def test_names_the_command_that_measures_it_and_no_address(self) -> None:
        plan = Plan(0.5, 2, 8, BACKLOG, size=700, kafka="broker.example:9092")
        asked = "--seconds 0.5 --rounds 2 --connections 8 --only backlog --size 700 --kafka …"
        assert plan.command == f"duebook bench {asked}"
        assert Plan(3.0, 2, 8, is_full=True).command.endswith("--connections 8 --full")

    def test_knows_sizes_of_rows_that_are_there(self) -> None:
        assert SIZES.keys() <= OTHERS.keys()
        assert all(usual <= full for _, usual, full in SIZES.values())


@pytest.mark.parametrize("row", OTHERS)
def test_every_row_has_what_measures_it(row: str) -> None:
    assert callable(measure_of(row))
