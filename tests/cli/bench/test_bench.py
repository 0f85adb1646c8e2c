"""The whole command, as briefly as it can: that it measures, not how fast anything is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from services.cli.bench.bench import AGING, ECHO, ISSUE

BENCH = (sys.executable, "-m", "services.cli.main", "bench")


class TestBench:
    @pytest.mark.connected
    def test_shows_every_speed_beside_the_echo_of_the_same_round(self) -> None:
        asked = ("--seconds", "0.2", "--rounds", "1", "--connections", "4")
        done = subprocess.run([*BENCH, *asked], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        cells = [[cell.strip() for cell in line.split("|")] for line in done.stdout.splitlines()]
        rows = {row[1]: row[2:-1] for row in cells if len(row) > 2}
        assert rows[ECHO][-3:] == ["1.000", "1.000", "1.000"]
        for name in (ISSUE, AGING):
            assert all(float(cell) > 0 for cell in rows[name]), name

    @pytest.mark.parametrize(
        ("option", "value"),
        [("--seconds", "61"), ("--seconds", "0"), ("--rounds", "21"), ("--connections", "257")],
    )
    def test_refuses_what_would_have_no_end(self, option: str, value: str) -> None:
        done = subprocess.run([*BENCH, option, value], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert option in done.stderr
