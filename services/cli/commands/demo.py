"""`duebook demo`: lets a simulated book happen to a Duebook in this process, in a fresh folder."""

from __future__ import annotations

import typer

from services.cli.commands.program import THIS_PROGRAM
from services.cli.commands.running import end_cleanly, run_services, serve_all
from services.cli.commands.settings import settings_with
from services.cli.commands.terminal import console
from services.cli.simulation.book import TIME_ZONE
from services.cli.simulation.generator import FIRST_DAY
from services.cli.simulation.story import Story, free_port
from shared.kernel.days import start_of_day
from shared.platform.database.embedded.server import temporary_folder
from shared.platform.hosting.settings import PlatformSettings


def demo(customers: int, months: int, seed: int, port: int | None, exit_after: bool) -> None:
    """Simulates, reports and stays up. Raises typer.Exit if the story came to no good end."""
    end_cleanly()
    asked = ("--customers", customers, "--months", months, "--seed", seed, "--report")
    story = Story(
        [*THIS_PROGRAM, "simulate", *map(str, asked)],
        ends_process=exit_after,
        on_success=lambda: console.print("Duebook stays up until Ctrl-C."),
    )
    with temporary_folder() as folder:
        settings = settings_with(
            port=free_port(port or settings_with().port),
            data=folder,
            clock="manual",
            clock_start=start_of_day(FIRST_DAY, TIME_ZONE),
        )
        run_services(settings, lambda placed: _tell(placed, story))
    if story.status != 0:
        raise typer.Exit(1)


async def _tell(settings: PlatformSettings, story: Story) -> None:
    try:
        await serve_all(settings, story.begin)
    finally:
        await story.end()
