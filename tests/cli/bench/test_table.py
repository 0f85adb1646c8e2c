from __future__ import annotations

import io
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console

from services.cli.bench.lines import Line, Sample
from services.cli.bench.machine import Machine
from services.cli.bench.plan import Plan
from services.cli.bench.table import markdown, show

PLAN: Final = Plan(1.0, 2, 8)
MACHINE: Final = Machine(
    processors=2,
    processor="Some Processor",
    memory_gib=7.84,
    system="Linux x86_64",
    python="CPython 3.11.7",
    postgresql="18.1",
    load=3.21,
)
LINES: Final = (
    Line(name="relay", unit="events/s", beside="COPY", samples=[Sample(2.0, 8.0)], note="n events"),
    Line(name="a|b", note="nobody | there"),
)


def shown(*lines: Line) -> str:
    said = io.StringIO()
    show(lines, PLAN, MACHINE, Console(file=said, width=180))
    return said.getvalue()


class TestShow:
    def test_prints_each_line_with_its_ratio_and_what_is_to_be_said_of_it(self) -> None:
        said = shown(*LINES)
        assert re.search(
            r"relay +\| +2\.00 events/s .*\| COPY +\| +8\.00 events/s +\| +0\.250", said
        )
        assert "a|b: nobody | there" in said
        assert "relay: n events" in said

    def test_leaves_out_columns_that_nothing_stands_in(self) -> None:
        assert "p99" not in shown(LINES[0])
        latency = Line(name="visible", samples=[Sample(1.0, 1.0)], p99_ms=7.0)
        assert "p99 ms" in shown(LINES[0], latency)


class TestMarkdown:
    def test_keeps_the_table_with_the_machine_and_how_it_was_measured(self) -> None:
        at = datetime(2026, 3, 2, tzinfo=UTC)
        page = markdown(LINES, PLAN, MACHINE, at)
        assert f"Written by `{PLAN.command}` on 2026-03-02.\n" in page
        assert "- load when it began: 3.2\n" in page
        assert "- processors: 2, Some Processor\n- memory: 7.8 GiB\n" in page
        rows = [line for line in page.splitlines() if line.startswith("|")]
        assert rows[2].startswith("| relay | 2.00 events/s | 2.00 to 2.00 | COPY | 8.00 events/s |")
        assert rows[3].startswith("| a/b | not measured |")
        assert len({row.count("|") for row in rows}) == 1
        assert page.endswith("- relay: n events\n- a|b: nobody | there\n")


class TestMachine:
    @pytest.mark.connected
    def test_names_its_parts_and_no_path(self) -> None:
        machine = Machine.this()
        assert machine.processors == os.cpu_count()
        assert machine.memory_gib > 0
        assert re.match(r"\d+\.\d+", machine.postgresql)
        assert not any(str(Path.home()) in value for _, value in machine.facts())
