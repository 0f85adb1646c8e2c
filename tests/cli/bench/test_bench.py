"""The whole command, as briefly as it can: that it measures, not how fast anything is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import pytest

from services.cli.bench.plan import AGING, ALLOCATE, APART, ECHO, ISSUE

BENCH = (sys.executable, "-m", "services.cli.main", "bench")


def table_of() -> tuple[Mapping[str, Sequence[str]], str]:
    """The cells of each row that a short bench shows, and all that it says."""
    asked = ("--seconds", "0.2", "--rounds", "1", "--connections", "4")
    environment = {**os.environ, "COLUMNS": "200"}  # No cell is cut.
    done = subprocess.run(
        [*BENCH, *asked], capture_output=True, text=True, check=False, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    cells = [[cell.strip() for cell in line.split("|")] for line in done.stdout.splitlines()]
    return {row[1]: row[2:-1] for row in cells if len(row) > 2}, done.stdout


class TestBench:
    @pytest.mark.connected
    def test_shows_every_speed_beside_the_echo_of_the_same_round(self) -> None:
        rows, said = table_of()
        assert rows[ECHO][-6:] == ["1.000"] * 3 + ["1.0"] * 3
        for name in (ISSUE, APART, ALLOCATE, AGING):
            assert all(float(cell) > 0 for cell in rows[name]), name
        assert "The read models had seen" in said

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("--seconds", "61"),
            ("--seconds", "0"),
            ("--rounds", "21"),
            ("--connections", "257"),
            ("--only", "everything"),
        ],
    )
    def test_refuses_what_would_have_no_end(self, option: str, value: str) -> None:
        done = subprocess.run([*BENCH, option, value], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert option in done.stderr
