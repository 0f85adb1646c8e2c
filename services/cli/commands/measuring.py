"""`duebook bench`: measures this machine on servers that it starts for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import typer

from services.cli.bench.bench import measure
from services.cli.bench.bench_echo import with_echo
from services.cli.bench.databases import running
from services.cli.bench.machine import Machine
from services.cli.bench.memory_rows import hold, resident_bytes, say_held
from services.cli.bench.plan import Plan
from services.cli.bench.served import end_with_parent, say_address
from services.cli.bench.table import markdown, show
from services.cli.commands.program import THIS_PROGRAM
from services.cli.commands.running import end_cleanly, run_services
from services.cli.commands.settings import settings_with
from services.cli.commands.terminal import console
from services.cli.installed import RUNTIMES, SERVICES
from services.cli.reporting.report import console_for_reports
from services.cli.simulation.story import free_port
from services.ledger.cash.api.issuing import IssueInvoice
from shared.platform.clock import wall_now
from shared.platform.database.embedded.server import temporary_folder
from shared.platform.hosting import serving
from shared.platform.hosting.chosen_log import open_log
from shared.platform.hosting.runtime import ALONE, Role
from shared.platform.hosting.settings import PREFIX, PlatformSettings

PLAIN_WIDTH: Final = 180  # columns, where there is no terminal to ask


class BenchServer(NamedTuple):
    """What the process that is measured serves."""

    works: bool  # Its workers run beside the API.
    has_all: bool  # All services; else ledger alone.
    clock_start: str | None  # Of a clock that is moved by hand; None: the system's.
    kafka: str | None  # Brokers; None: the log is in PostgreSQL.
    topic_prefix: str | None


def bench(plan: Plan, write: Path | None) -> None:
    """Measures as planned, shows the table, and writes it where somebody says so.

    Raises typer.Exit if a row failed.
    """
    _forget_settings()
    machine = Machine.this()
    if write is not None:
        write.parent.mkdir(parents=True, exist_ok=True)
    with console.status("bench") as status:
        lines = serving.run(measure(THIS_PROGRAM, plan, status.update))
    show(lines, plan, machine, console_for_reports(PLAIN_WIDTH))
    if write is not None:
        write.write_text(markdown(lines, plan, machine, wall_now()), "utf-8")
        console.print(f"{write} is written.", markup=False, highlight=False)
    if any(line.has_failed for line in lines):
        raise typer.Exit(1)


def _forget_settings() -> None:
    """What is measured is as it comes: no setting of the environment reaches it."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]


def bench_server(served: BenchServer) -> None:
    """Serves what `bench` measures, in a fresh folder, and an echo."""
    end_cleanly()
    end_with_parent()
    with temporary_folder() as folder:
        settings = settings_with(
            data=folder,
            port=free_port(0) if served.has_all else None,
            clock="manual" if served.clock_start else None,
            clock_start=served.clock_start,
            kafka=served.kafka,
            topic_prefix=served.topic_prefix,
        )
        names = SERVICES if served.has_all else ("ledger",)
        run_services(settings, lambda placed: _serve_bench(placed, served, names), names)


async def _serve_bench(
    settings: PlatformSettings, served: BenchServer, names: Sequence[str]
) -> None:
    role = Role(works=served.works, makes_topics=True)
    log = open_log(settings)
    hosts = {name: RUNTIMES[name].host(settings, log, role) for name in names}
    app = with_echo(serving.joined(hosts), IssueInvoice)
    # Dunning asks ledger at the port of the settings; alone, any port does.
    port = settings.port if served.has_all else 0
    try:
        await serving.serve(
            app, [*hosts.values()], host=settings.host, port=port, ready=say_address
        )
    finally:
        await log.close()


def bench_memory(streams: int) -> None:
    """Writes and reads in a fresh folder, and says what this process holds then."""

    async def main(settings: PlatformSettings) -> None:
        async with running(settings, RUNTIMES["ledger"], ALONE) as host:
            say_held(await hold(host, settings, streams, resident_bytes))

    with temporary_folder() as folder:
        run_services(settings_with(data=folder), main, ("ledger",))
