"""The sub-commands that are clients of a running Duebook: import, simulate, report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.cli.bench.bench import (
    CONNECTIONS_MAX,
    ROUNDS_MAX,
    SECONDS_MAX,
    SECONDS_MIN,
    Plan,
    measure,
    show,
)
from services.cli.client.addresses import HOME_URL, UrlOption
from services.cli.client.duebook import RETRY_S_MAX, Duebook
from services.cli.commands.clock import clock_app
from services.cli.commands.parked import parked_app
from services.cli.importing.importer import Importer, Summary, outcome, ticks
from services.cli.importing.ledger_file import Refusal, read_file
from services.cli.importing.ledger_map import MapRefused, read_map
from services.cli.reporting.report import (
    console_for_reports,
    events_in_log,
    show_addresses,
    show_report,
)
from services.cli.simulation.generator import CUSTOMERS_MAX, FIRST_DAY, MONTHS_MAX, generate
from services.cli.simulation.simulator import Simulator
from shared.platform.clock import monotonic_s
from shared.platform.hosting import serving

LINES_REFUSED: Final = 3  # Exit status; 1 means that nothing more went in, 2 a wrong call.
FILE_REFUSED: Final = 2  # Exit status.
NOT_FOOTING: Final = 4  # Exit status.

progress_console = Console(stderr=True)
import_app = typer.Typer(help="Put existing books into a running Duebook.", no_args_is_help=True)

PatienceOption = Annotated[
    float, typer.Option(min=0, max=3600, help="Seconds to repeat what gets no answer.")
]
CustomersOption = Annotated[int, typer.Option(min=1, max=CUSTOMERS_MAX, help="How many.")]
MonthsOption = Annotated[int, typer.Option(min=1, max=MONTHS_MAX, help="How long.")]
SeedOption = Annotated[int, typer.Option(min=0, help="The same seed, the same book.")]
TakeOverOption = typer.Option(
    formats=["%Y-%m-%d"],
    metavar="YYYY-MM-DD",
    help="What happened before it is history; else the map's, the first day, or today.",
)
DayOption = typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")


@contextmanager
def _bar(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Gives what advances it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=progress_console) as progress:
        task = progress.add_task(description, total=total)
        yield lambda done: progress.update(task, advance=done)


@import_app.command("ledger")
def import_ledger(
    file: Annotated[Path, typer.Argument(help="CSV of invoices, settled or not.")],
    ledger_map: Annotated[Path, typer.Option("--map", help="TOML: which column holds what.")],
    url: UrlOption = HOME_URL,
    drive_clock: Annotated[
        bool, typer.Option("--drive-clock", help="Let it happen day by day on a manual clock.")
    ] = False,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"])] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"])] = None,
    take_over_on: Annotated[datetime | None, TakeOverOption] = None,
    patience: PatienceOption = RETRY_S_MAX,
) -> None:
    """Import invoices and their settlement; what is refused is reported, the rest goes in.

    May be repeated as often as one likes: nothing is written twice.
    """
    days = _days(first, last) if drive_clock else None
    if not drive_clock and (first or last):
        raise typer.BadParameter("--from and --to belong to --drive-clock")
    try:
        taken_over_on = take_over_on.date() if take_over_on else None
        summary = asyncio.run(_import(file, ledger_map, url, days, taken_over_on, patience))
    except MapRefused as problem:
        progress_console.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(FILE_REFUSED) from None
    _tell(summary)
    if summary.refused:
        raise typer.Exit(LINES_REFUSED)


def _days(first: datetime | None, last: datetime | None) -> tuple[date, date]:
    if first is None or last is None or last < first:
        raise typer.BadParameter("--drive-clock needs --from and --to, in this order")
    return first.date(), last.date()


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
    with _bar(path.name, ticks(file.lines)) as advance:
        async with Duebook(url, retry_s_max=patience_s) as duebook:
            importer = Importer(duebook, ledger_map, lambda: advance(1), take_over_on=take_over_on)
            for refusal in file.refusals:
                importer.summary.refuse(refusal)
            if days is None:
                return await importer.run(file.lines)
            return await importer.drive(file.lines, *days)


def _tell(summary: Summary) -> None:
    """Refusals to the error stream, in the order of the file; the summary to the other."""
    for refusal in sorted(summary.refusals):
        progress_console.print(_said(refusal), markup=False, highlight=False, soft_wrap=True)
    unsaid = summary.refused - len(summary.refusals)
    if unsaid:
        progress_console.print(f"and {unsaid} more refused lines")
    for note in summary.notes:
        progress_console.print(note, markup=False, highlight=False, soft_wrap=True)
    for what, count in outcome(summary).items():
        typer.echo(f"{what}: {count}")


def _said(refusal: Refusal) -> str:
    detail = f" ({refusal.detail})" if refusal.detail else ""
    return f"line {refusal.line}: {refusal.field or 'line'}: {refusal.rule}{detail}"


def simulate(
    customers: CustomersOption = 200,
    months: MonthsOption = 12,
    seed: SeedOption = 7,
    url: UrlOption = HOME_URL,
    start: Annotated[datetime | None, DayOption] = None,
    report: Annotated[bool, typer.Option("--report", help="Show what came of it.")] = False,
    patience: PatienceOption = RETRY_S_MAX,
) -> None:
    """Let a simulated book happen, day by day, on a manual clock."""
    first = start.date() if start else FIRST_DAY
    asyncio.run(_simulate(seed, customers, months, first, url, report, patience))


async def _simulate(
    seed: int, customers: int, months: int, first: date, url: str, report: bool, patience_s: float
) -> None:
    book = generate(seed=seed, customers=customers, months=months, first=first)
    title = f"{customers} customers, {months} months"
    async with Duebook(url, retry_s_max=patience_s) as duebook:
        before, started_s = await events_in_log(duebook), monotonic_s()
        with _bar(title, len(book.actions)) as advance:
            summary = await Simulator(duebook, book, advance).run()
        took_s = monotonic_s() - started_s
        events = await events_in_log(duebook) - before
        console = console_for_reports()
        foots = await show_report(duebook, book.legal_entity, console) if report else True
        done = ", ".join(f"{name} {count}" for name, count in sorted(summary.counts.items()))
        console.print(f"Done: {done}; {summary.replayed} requests had been done before.")
        console.print(
            f"{events} events in {took_s:.1f} s: {events / took_s:.0f} events per second, from the"
            " request through the log to every read model, reaction and notice."
        )
        if report:
            await show_addresses(duebook, console)
    if not foots:
        raise typer.Exit(NOT_FOOTING)


def report(
    legal_entity: Annotated[str, typer.Argument(help="Its code.")], url: UrlOption = HOME_URL
) -> None:
    """Show aging, worst customers, work list, alerts, notices and tasks of a legal entity."""

    async def main() -> bool:
        async with Duebook(url) as duebook:
            return await show_report(duebook, legal_entity, console_for_reports())

    if not asyncio.run(main()):
        raise typer.Exit(NOT_FOOTING)


def bench_of(server: Sequence[str]) -> Callable[[float, int, int], None]:
    """The sub-command that measures what this command serves."""

    def bench(
        seconds: Annotated[float, typer.Option(min=SECONDS_MIN, max=SECONDS_MAX)] = 3.0,
        rounds: Annotated[int, typer.Option(min=1, max=ROUNDS_MAX)] = 3,
        connections: Annotated[int, typer.Option(min=1, max=CONNECTIONS_MAX)] = 32,
    ) -> None:
        """Measure this machine: invoices and aging, beside a bare echo of the same request."""
        plan = Plan(seconds, rounds, connections)
        with progress_console.status("bench") as status:
            measured = serving.run(measure(server, plan, status.update))
        show(measured, plan, console_for_reports())

    return bench


def register(app: typer.Typer, *, bench_server: Sequence[str]) -> None:
    """Give the `duebook` command these sub-commands."""
    app.add_typer(import_app, name="import")
    app.add_typer(clock_app, name="clock")
    app.add_typer(parked_app, name="parked")
    app.command()(simulate)
    app.command()(report)
    app.command("bench")(bench_of(bench_server))
