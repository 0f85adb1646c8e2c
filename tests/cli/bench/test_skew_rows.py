"""What the simulation of a hot account says is what its arithmetic says."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.bench.plan import SKEW, Plan
from services.cli.bench.skew_rows import ACCOUNTS, HOT_SHARE, PROCESSES, measure, shares, speed
from shared.kernel.ids import PARTITIONS

SHARES = st.lists(st.floats(0.01, 1), min_size=PARTITIONS, max_size=PARTITIONS)


class TestShares:
    @pytest.mark.parametrize("hot_share", [0.0, HOT_SHARE, 1.0])
    def test_are_all_events(self, hot_share: float) -> None:
        assert sum(shares(1_000, hot_share)) == pytest.approx(1)

    def test_of_the_hot_accounts_partition_are_its_own_and_a_part_of_the_rest(self) -> None:
        rest = (1 - HOT_SHARE) / PARTITIONS
        assert max(shares(ACCOUNTS, HOT_SHARE)) == pytest.approx(HOT_SHARE + rest, rel=0.1)


class TestSpeed:
    @given(SHARES)
    def test_is_that_of_one_where_there_is_one(self, found: list[float]) -> None:
        assert speed(found, 1) == pytest.approx(1 / sum(found))

    @given(SHARES)
    def test_is_bound_by_the_fullest_partition(self, found: list[float]) -> None:
        assert speed(found, PARTITIONS) == pytest.approx(1 / max(found))

    def test_grows_with_the_processes_where_all_partitions_are_alike(self) -> None:
        alike = [1 / PARTITIONS] * PARTITIONS
        assert [speed(alike, n) for n in PROCESSES] == pytest.approx(list(PROCESSES))


def test_shows_that_more_processes_do_not_help_a_hot_account() -> None:
    lines = asyncio.run(measure((), Plan(1, 1, 1, only=SKEW), lambda what: None))
    assert [line.name for line in lines] == [f"skew: {n} processes" for n in PROCESSES]
    assert lines[-1].value.median < 4 < lines[-1].samples[0].beside
