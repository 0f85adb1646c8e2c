"""Shows what a bench measured: on the terminal, and in a file that keeps the last run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from rich import box
from rich.console import Console
from rich.table import Table

from services.cli.bench.lines import COLUMNS, Line
from services.cli.bench.machine import Machine
from services.cli.bench.plan import Plan

BESIDE: Final = "beside"
WORDS: Final = ("measured", BESIDE)  # Columns that hold words; the others hold numbers.
SHARED: Final = "Load, processes and PostgreSQL share this machine. Medians of the rounds."


def title(plan: Plan) -> str:
    """How it was measured, in a line."""
    return (
        f"{plan.rounds} rounds, {plan.seconds:g} s of each request, {plan.connections} connections"
    )


def notes(lines: Sequence[Line]) -> Sequence[str]:
    """What is to be said of some lines beside their numbers."""
    return [f"{line.name}: {line.note}" for line in lines if line.note]


def show(lines: Sequence[Line], plan: Plan, machine: Machine, console: Console) -> None:
    """Prints the table, without the columns that no line has anything for."""
    table = Table(title=f"{title(plan)}, {machine.processors} processors", title_justify="left")
    table.box = box.ROUNDED if console.is_terminal else box.ASCII2
    rows = [line.cells() for line in lines]
    shown = [at for at in range(len(COLUMNS)) if any(row[at] for row in rows)]
    for at in shown:
        # Only what it is beside may take several lines.
        justify: Literal["left", "right"] = "left" if COLUMNS[at] in WORDS else "right"
        table.add_column(COLUMNS[at], justify=justify, no_wrap=COLUMNS[at] != BESIDE)
    for row in rows:
        table.add_row(*(row[at] for at in shown))
    console.print(table)
    for said in (SHARED, *notes(lines)):
        console.print(said)


def markdown(lines: Sequence[Line], plan: Plan, machine: Machine, measured_at: datetime) -> str:
    """The page that keeps the table with the machine that it was measured on."""
    said = [
        "# Results",
        "",
        f"Written by `{plan.command}` on {measured_at:%Y-%m-%d}.",
        "",
        *(f"- {name}: {value}" for name, value in machine.facts()),
        "",
        f"{SHARED} A ratio is of two things measured in one round.",
        "",
        _row(COLUMNS),
        _row(["---" if column in WORDS else "---:" for column in COLUMNS]),
        *(_row(line.cells()) for line in lines),
        "",
        *(f"- {note}" for note in notes(lines)),
    ]
    return "\n".join(said).rstrip() + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
