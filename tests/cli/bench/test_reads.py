"""The table of reads, as briefly as it can: that each is measured, not how fast it is."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from typing import Final

import pytest

from services.cli.bench.reads import COUNT, LOOKUP, reads_on
from tests.support.data_folders import data_folder

BENCH: Final = (sys.executable, "-m", "services.cli.main", "bench")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "240"}  # No cell is cut.
    return subprocess.run(
        [*BENCH, *arguments], capture_output=True, text=True, check=False, env=environment
    )


class TestBenchReads:
    @pytest.mark.connected
    def test_shows_each_read_beside_a_lookup_and_a_count(self) -> None:
        done = run("reads", "--items", "1000", "--rounds", "1", "--seconds", "0.1")

        assert done.returncode == 0, done.stderr
        cells = [[cell.strip() for cell in line.split("|")] for line in done.stdout.splitlines()]
        rows = {row[1]: row[2:-1] for row in cells if len(row) > 2}
        assert set(rows) >= {COUNT, *(read.name for read in reads_on(date(2026, 6, 30)))}
        assert rows[LOOKUP][3:6] == ["1.00"] * 3
        assert rows[COUNT][6:9] == ["1.000"] * 3

    @pytest.mark.connected
    def test_seeds_a_folder_once_and_reads_it(self) -> None:
        with data_folder() as books:
            self.seed_and_read("--data", str(books))

    def seed_and_read(self, *folder: str) -> None:
        empty = run("reads", *folder)
        assert (empty.returncode, "BooksMissing" in empty.stderr) == (1, True)
        assert run("seed", "--items", "1000", *folder).returncode == 0
        again = run("seed", "--items", "1000", *folder)
        assert again.returncode == 1
        assert "BooksNotEmpty: duebook_ledger has rows in account" in again.stderr
        assert run("reads", "--rounds", "1", "--seconds", "0.1", *folder).returncode == 0

    @pytest.mark.parametrize("items", ["999", "10000001"])
    def test_refuses_books_of_no_use(self, items: str) -> None:
        done = run("seed", "--items", items)
        assert done.returncode == 2
        assert "--items" in done.stderr
