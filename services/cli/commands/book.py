"""`duebook simulate` and `report`: let a book happen, and show what came of it, over HTTP."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Final

import typer

from services.cli.client.duebook import Duebook
from services.cli.commands.terminal import progress_bar
from services.cli.reporting.report import (
    console_for_reports,
    events_in_log,
    show_addresses,
    show_report,
)
from services.cli.simulation.generator import FIRST_DAY, generate
from services.cli.simulation.simulator import Simulator
from shared.platform.clock import monotonic_s

NOT_FOOTING: Final = 4  # Exit status.


def simulate(
    seed: int,
    customers: int,
    months: int,
    first: date | None,
    url: str,
    reports: bool,
    patience_s: float,
) -> None:
    """Lets the book of this seed happen. Raises typer.Exit if its report does not foot."""
    begin = first or FIRST_DAY
    asyncio.run(_simulate(seed, customers, months, begin, url, reports, patience_s))


async def _simulate(
    seed: int, customers: int, months: int, first: date, url: str, reports: bool, patience_s: float
) -> None:
    book = generate(seed=seed, customers=customers, months=months, first=first)
    title = f"{customers} customers, {months} months"
    async with Duebook(url, retry_s_max=patience_s) as duebook:
        before, started_s = await events_in_log(duebook), monotonic_s()
        with progress_bar(title, len(book.actions)) as advance:
            summary = await Simulator(duebook, book, advance).run()
        took_s = monotonic_s() - started_s
        events = await events_in_log(duebook) - before
        console = console_for_reports()
        foots = await show_report(duebook, book.legal_entity, console) if reports else True
        done = ", ".join(f"{name} {count}" for name, count in sorted(summary.counts.items()))
        console.print(f"Done: {done}; {summary.replayed} requests had been done before.")
        console.print(
            f"{events} events in {took_s:.1f} s: {events / took_s:.0f} events per second, from the"
            " request through the log to every read model, reaction and notice."
        )
        if reports:
            await show_addresses(duebook, console)
    if not foots:
        raise typer.Exit(NOT_FOOTING)


def report(legal_entity: str, url: str) -> None:
    """Shows what came of a legal entity's book. Raises typer.Exit if it does not foot."""

    async def main() -> bool:
        async with Duebook(url) as duebook:
            return await show_report(duebook, legal_entity, console_for_reports())

    if not asyncio.run(main()):
        raise typer.Exit(NOT_FOOTING)
