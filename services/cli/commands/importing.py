"""`duebook import`: puts existing books into a running Duebook over HTTP."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import Final

import typer

from services.cli.client.duebook import Duebook
from services.cli.commands.terminal import console, progress_bar
from services.cli.importing.importer import Importer, Summary, outcome, ticks
from services.cli.importing.ledger_file import Refusal, read_file
from services.cli.importing.ledger_map import MapRefused, read_map

LINES_REFUSED: Final = 3  # Exit status; 1 means that nothing more went in, 2 a wrong call.
FILE_REFUSED: Final = 2  # Exit status.


def driven_days(first: datetime | None, last: datetime | None) -> tuple[date, date]:
    """The days from which and to which the clock is driven."""
    if first is None or last is None or last < first:
        raise typer.BadParameter("--drive-clock needs --from and --to, in this order")
    return first.date(), last.date()


def import_ledger(
    file: Path,
    ledger_map: Path,
    url: str,
    days: tuple[date, date] | None,
    take_over_on: date | None,
    patience_s: float,
) -> None:
    """Imports invoices and their settlement, and says what was refused. Raises typer.Exit then."""
    try:
        summary = asyncio.run(_import(file, ledger_map, url, days, take_over_on, patience_s))
    except MapRefused as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(FILE_REFUSED) from None
    _show(summary)
    if summary.refused:
        raise typer.Exit(LINES_REFUSED)


async def _import(
    path: Path,
    map_path: Path,
    url: str,
    days: tuple[date, date] | None,
    take_over_on: date | None,
    patience_s: float,
) -> Summary:
    ledger_map = read_map(map_path)
    file = read_file(path, ledger_map)
    with progress_bar(path.name, ticks(file.lines)) as advance:
        async with Duebook(url, retry_s_max=patience_s) as duebook:
            importer = Importer(duebook, ledger_map, lambda: advance(1), take_over_on=take_over_on)
            for refusal in file.refusals:
                importer.summary.refuse(refusal)
            if days is None:
                return await importer.run(file.lines)
            return await importer.drive(file.lines, *days)


def _show(summary: Summary) -> None:
    """Refusals to the error stream, in the order of the file; the summary to the other."""
    for refusal in sorted(summary.refusals):
        console.print(_said(refusal), markup=False, highlight=False, soft_wrap=True)
    unsaid = summary.refused - len(summary.refusals)
    if unsaid:
        console.print(f"and {unsaid} more refused lines")
    for note in summary.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)
    for what, count in outcome(summary).items():
        typer.echo(f"{what}: {count}")


def _said(refusal: Refusal) -> str:
    detail = f" ({refusal.detail})" if refusal.detail else ""
    return f"line {refusal.line}: {refusal.field or 'line'}: {refusal.rule}{detail}"
