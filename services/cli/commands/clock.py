"""`duebook clock`: moves the domain clocks of a running Duebook, and shows how far they are."""

from __future__ import annotations

import asyncio
from datetime import date, datetime

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli.client.clocks import Clocks
from services.cli.client.duebook import Duebook
from services.cli.commands.terminal import console
from shared.kernel.days import day_at, start_of_day
from shared.platform.http.models import read_day, read_instant


def advance(to: str, zone: str, url: str) -> None:
    """Moves all clocks to the instant, or to the beginning of the day in the zone."""
    instant = _instant(to, zone)
    asyncio.run(_advance(url, instant, zone))


async def _advance(url: str, to: datetime, zone: str) -> None:
    async with Duebook(url) as duebook:
        clocks = Clocks(duebook)
        begin = min(reading.now for reading in await clocks.read())
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console) as progress:
            total_s = max((to - begin).total_seconds(), 1.0)
            task = progress.add_task(str(day_at(begin, zone)), total=total_s)

            def passed(stop: datetime) -> None:
                done_s = (stop - begin).total_seconds()
                progress.update(task, completed=done_s, description=str(day_at(stop, zone)))

            await clocks.advance(to, passed)
            progress.update(task, completed=total_s, description=str(day_at(to, zone)))


def _instant(text: str, zone: str) -> datetime:
    try:
        if "T" in text:
            return read_instant(text)
        day: date = read_day(text)
        return start_of_day(day, zone)
    except Exception as problem:
        raise typer.BadParameter(str(problem)) from problem
