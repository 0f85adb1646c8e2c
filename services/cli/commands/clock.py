"""`duebook clock`: moves the domain clocks of a running Duebook, and shows how far they are."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli.client.addresses import HOME_URL, UrlOption
from services.cli.client.clocks import Clocks
from services.cli.client.duebook import Duebook
from shared.kernel.days import day_at, start_of_day
from shared.platform.http.models import read_day, read_instant

ZONE: Final = "Asia/Shanghai"

console = Console(stderr=True)
clock_app = typer.Typer(help="The domain clock of a system started with --clock manual.")


@clock_app.callback()
def _keep_the_name() -> None:
    """A group of one command would lose its command's name."""


@clock_app.command()
def advance(
    to: Annotated[str, typer.Option(help="A day (its beginning in the zone) or an instant.")],
    zone: Annotated[str, typer.Option(help="In which a day begins.")] = ZONE,
    url: UrlOption = HOME_URL,
) -> None:
    """Move all clocks forward, stop whenever something is due, and wait until it is done."""
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
