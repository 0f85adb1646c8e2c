"""Every row, as briefly as it can: that it measures, not how fast anything is."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.cli.bench import bench
from services.cli.bench.bench import measure, measure_of, measure_requests
from services.cli.bench.lines import Line, Sample, Say
from services.cli.bench.plan import (
    AGING,
    ALLOCATE,
    APART,
    BACKLOG,
    BATCH,
    BESIDE_IMPORT,
    DUNNING,
    ECHO,
    HELP,
    IMPORT,
    ISSUE,
    MEMORY,
    OTHERS,
    PEER_PROJECTION,
    PEER_SAVE,
    SIZE_MIN,
    SIZES,
    TIMERS,
    VISIBLE,
    Plan,
)
from services.cli.bench.speeds import BenchFailed, Spread

PROGRAM = (sys.executable, "-m", "services.cli.main")
BENCH = (*PROGRAM, "bench")
BRIEF = Plan(0.2, 1, 4)
NOT_INSTALLED = importlib.util.find_spec("eventsourcing") is None


def lines_of(row: str, size: int | None = None) -> Sequence[Line]:
    """What a short bench of one row measures: each with a number beside another."""
    plan = BRIEF._replace(only=row, size=size)
    lines = asyncio.run(measure(PROGRAM, plan))
    for line in lines:
        assert all(sample.value > 0 and sample.beside > 0 for sample in line.samples), line
        assert len(line.samples) == plan.rounds
    return lines


@pytest.mark.connected
class TestMeasure:
    def test_measures_each_request_beside_the_echo_of_the_same_round(self) -> None:
        lines = asyncio.run(measure_requests(PROGRAM, BRIEF, lambda what: None))
        assert [line.name for line in lines] == [ECHO, ISSUE, APART, ALLOCATE, AGING]
        echo, issue, *_ = lines
        assert (echo.ratio, echo.p99_ratio) == (Spread(1.0, 1.0, 1.0), Spread(1.0, 1.0, 1.0))
        assert all(line.value.lowest > 0 and line.beside == ECHO for line in lines)
        assert "the read models had seen" in issue.note

    def test_measures_batches_beside_the_echo(self) -> None:
        (line,) = lines_of(BATCH)
        assert line.beside == ECHO

    def test_measures_the_relay_and_each_projection_of_a_backlog(self) -> None:
        names = [line.name.removeprefix("backlog: ") for line in lines_of(BACKLOG, SIZE_MIN)]
        assert names[0] == "relay"
        assert "projection open_items" in names
        assert names[-1] == "all projections"

    @pytest.mark.timeout(600)
    def test_measures_what_becomes_of_crossings(self) -> None:
        (line,) = lines_of(DUNNING, SIZE_MIN)
        assert line.note.startswith(f"{SIZE_MIN} in each round; in all {SIZE_MIN} overdue-alerts,")

    def test_measures_timers_that_fire_while_others_wait(self) -> None:
        (line,) = lines_of(TIMERS, SIZE_MIN)
        assert "while 100 others wait" in line.note

    def test_measures_the_command_that_imports(self) -> None:
        (line,) = lines_of(IMPORT, SIZE_MIN)
        assert (line.unit, line.beside) == ("lines/s", ECHO)

    def test_measures_a_command_beside_a_file_of_lines(self) -> None:
        (line,) = lines_of(BESIDE_IMPORT, SIZE_MIN)
        assert line.beside.endswith("a batch of 500")
        assert line.note.startswith(f"{SIZE_MIN} lines in each file, ")

    def test_measures_when_an_invoice_is_visible(self) -> None:
        (line,) = lines_of(VISIBLE)
        assert line.p50_ms is not None
        assert line.p99_ms is not None
        assert 0 < line.p50_ms <= line.p99_ms

    def test_measures_what_a_process_holds_that_has_done_much(self) -> None:
        (line,) = lines_of(MEMORY, 1000)
        assert line.ratio.lowest >= 1
        assert line.note.startswith("1,000 events of 200 streams")

    @pytest.mark.parametrize("row", [PEER_SAVE, PEER_PROJECTION])
    @pytest.mark.skipif(NOT_INSTALLED, reason="needs the extra `bench`")
    def test_measures_another_library_where_it_is_installed(self, row: str) -> None:
        assert lines_of(row, SIZE_MIN if row in SIZES else None)


class TestWithoutTheLibrary:
    @pytest.mark.parametrize("row", [PEER_SAVE, PEER_PROJECTION])
    async def test_a_row_that_needs_it_says_how_to_install_it(
        self, row: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delitem(sys.modules, "services.cli.bench.peer_library", raising=False)
        monkeypatch.setitem(sys.modules, "eventsourcing.application", None)
        (line,) = await measure_of(row)(PROGRAM, BRIEF, lambda what: None)
        assert (line.name, line.samples) == (row, ())
        assert ".[bench]" in line.note


class TestMeasureAll:
    async def test_a_row_that_fails_says_so_and_the_others_go_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
            raise BenchFailed("nobody answered")

        async def succeed(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
            return [Line(name="well", samples=[Sample(1.0, 1.0)])]

        monkeypatch.setattr(bench, "measure_requests", succeed)
        monkeypatch.setattr(bench, "measure_of", lambda row: fail if row == TIMERS else succeed)
        lines = await measure(PROGRAM, BRIEF)
        assert [line.name for line in lines if line.has_failed] == [TIMERS]
        assert [line.note for line in lines if line.has_failed] == ["BenchFailed: nobody answered"]
        assert len([line for line in lines if line.name == "well"]) == len(OTHERS)
        with pytest.raises(BenchFailed):
            await measure(PROGRAM, BRIEF._replace(only=TIMERS))


class TestCommand:
    @pytest.mark.connected
    def test_shows_the_table_and_writes_it_where_it_is_told(self, tmp_path: Path) -> None:
        file = tmp_path / "RESULTS.md"
        asked = ("--only", HELP, "--rounds", "2", "--write", str(file))
        done = subprocess.run([*BENCH, *asked], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "duebook --help" in done.stdout
        page = file.read_text("utf-8")
        assert (
            "Written by `duebook bench --seconds 3 --rounds 2 --connections 32 --only help` on"
            in page
        )
        assert "| duebook --help | " in page
        assert str(tmp_path) not in page

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("--seconds", "61"),
            ("--seconds", "0"),
            ("--rounds", "21"),
            ("--connections", "257"),
            ("--only", "everything"),
            ("--size", "99"),
            ("--size", "1000"),
        ],
    )
    def test_refuses_what_would_have_no_end(self, option: str, value: str) -> None:
        done = subprocess.run(
            [*BENCH, option, value],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "COLUMNS": "120"},
        )
        assert done.returncode == 2
        assert option in done.stderr
