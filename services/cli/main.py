"""The `duebook` command: starts services and asks them for things over HTTP. No business here."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from types import FrameType
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings
from rich.console import Console

from services.cli.bench.bench import end_with_parent, say_address
from services.cli.bench.bench_echo import with_echo
from services.cli.bench.speeds import BenchFailed
from services.cli.client.clocks import (
    ClockNotManual,
    WorkHalted,
    WorkStandsStill,
)
from services.cli.client.duebook import Refused, Unreachable
from services.cli.commands.book import (
    CustomersOption,
    MonthsOption,
    SeedOption,
    register,
)
from services.cli.commands.revision import revise
from services.cli.commands.topics import DataOption, topics_app
from services.cli.installed import RUNTIMES
from services.cli.simulation.book import TIME_ZONE
from services.cli.simulation.generator import FIRST_DAY
from services.cli.simulation.story import Story, free_port
from services.ledger.cash.api.issuing import IssueInvoice
from shared.kernel.days import start_of_day
from shared.platform.database.embedded.errors import EmbeddedError
from shared.platform.database.embedded.folders import default_folder
from shared.platform.database.embedded.server import temporary_folder
from shared.platform.hosting import serving
from shared.platform.hosting.chosen_log import open_log
from shared.platform.hosting.host import Host
from shared.platform.hosting.local_server import (
    make_log_database,
    migrate_service,
    server_beside,
    server_for,
)
from shared.platform.hosting.preconditions import DatabaseRefused, SchemaMismatch
from shared.platform.hosting.runtime import ALONE, SERVER, WORKER, Runtime
from shared.platform.hosting.settings import (
    DatabaseUnknown,
    PlatformSettings,
    rows_of,
)
from shared.platform.log.port import (
    LogUnavailable,
    TopicMismatch,
    UnknownTopic,
)
from shared.platform.observability.logs import configure_logs

THIS: Final = (sys.executable, "-m", "services.cli.main")  # Starts this program once more.
DIFFERS: Final = 5  # Exit status: something derived is not what follows from the events.


app = typer.Typer(
    name="duebook",
    help="An event-sourced receivables platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(topics_app, name="topics")
register(app, bench_server=[*THIS, "bench-server"])
console = Console(stderr=True)


def _known(name: str | None) -> str | None:
    if name is not None and name not in RUNTIMES:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(RUNTIMES)}")
    return name


NAMES: Final = "|".join(RUNTIMES)
NameArgument = Annotated[str, typer.Argument(callback=_known, metavar=NAMES)]
NameOrAllArgument = Annotated[
    str | None,
    typer.Argument(callback=_known, metavar=NAMES, help="All when none is named."),
]
PortOption = Annotated[int | None, typer.Option(help="Port to listen on.")]
HostOption = Annotated[str | None, typer.Option(help="Loopback address to listen on.")]
ClockOption = Annotated[str | None, typer.Option(help="Domain clock: system or manual.")]
StartOption = Annotated[
    str | None, typer.Option(help="Where a manual clock begins: 2026-01-01T00:00:00Z.")
]


def chosen(*names: str | None) -> Sequence[Runtime[Any]]:
    """The services of these names; of no name, all."""
    return [RUNTIMES[name] for name in names if name] or [*RUNTIMES.values()]


def settings_with(**given: object) -> PlatformSettings:
    """From the environment, with what the command line says instead."""
    said = {name: value for name, value in given.items() if value is not None}
    return PlatformSettings(**said)  # type: ignore[arg-type] # checked by pydantic


@app.command()
def up(
    port: PortOption = None,
    host: HostOption = None,
    data: DataOption = None,
    clock: ClockOption = None,
    clock_start: StartOption = None,
) -> None:
    """Run all services in this process, on an embedded PostgreSQL unless one is named."""
    settings = settings_with(port=port, host=host, data=data, clock=clock, clock_start=clock_start)
    _end_cleanly()

    def said(address: str) -> None:
        console.print(f"Duebook answers at {address}")

    _run_all(settings, lambda placed: _up(placed, said))


def _run_all(
    settings: PlatformSettings,
    main: Callable[[PlatformSettings], Coroutine[Any, Any, None]],
    names: Sequence[str] = (),
) -> None:
    runtimes = chosen(*names)
    configure_logs(settings.log_level)
    with server_for(settings, runtimes) as placed:
        make_log_database(placed)
        for one in runtimes:
            migrate_service(placed, one)
        serving.run(main(placed))


async def _up(settings: PlatformSettings, ready: Callable[[str], None]) -> None:
    log = open_log(settings)
    hosts: dict[str, Host] = {
        name: runtime.host(settings, log, ALONE) for name, runtime in RUNTIMES.items()
    }
    try:
        await serving.serve(
            serving.joined(hosts),
            [*hosts.values()],
            host=settings.host,
            port=settings.port,
            ready=ready,
        )
    finally:
        await log.close()


@app.command()
def demo(
    customers: CustomersOption = 200,
    months: MonthsOption = 12,
    seed: SeedOption = 7,
    port: PortOption = None,
    exit_after: Annotated[bool, typer.Option("--exit", help="End when all is shown.")] = False,
) -> None:
    """Simulate a year of 200 customers in a fresh folder, show what came of it, and stay up."""
    _end_cleanly()
    asked = ("--customers", customers, "--months", months, "--seed", seed, "--report")
    story = Story(
        [*THIS, "simulate", *map(str, asked)],
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
        _run_all(settings, lambda placed: _tell(placed, story))
    if story.status != 0:
        raise typer.Exit(1)


async def _tell(settings: PlatformSettings, story: Story) -> None:
    try:
        await _up(settings, story.begin)
    finally:
        await story.end()


@app.command(hidden=True)
def bench_server() -> None:
    """What `bench` measures: the ledger in a fresh folder, and an echo."""
    _end_cleanly()
    end_with_parent()
    with temporary_folder() as folder:
        _run_all(settings_with(data=folder), _serve_bench, ["ledger"])


async def _serve_bench(settings: PlatformSettings) -> None:
    host = RUNTIMES["ledger"].host(settings, role=ALONE)
    app = with_echo(serving.joined({"ledger": host}), IssueInvoice)
    await serving.serve(app, [host], host=settings.host, port=0, ready=say_address)


@app.command()
def migrate(
    service: NameOrAllArgument = None,
    data: DataOption = None,
) -> None:
    """Bring the databases up to date, as the owner of their tables."""
    runtimes = chosen(service)
    with server_for(settings_with(data=data), runtimes) as ready:
        make_log_database(ready)
        for one in runtimes:
            migrate_service(ready, one)
            console.print(f"{one.name}: up to date")


@app.command()
def revision(
    service: NameArgument,
    message: Annotated[str, typer.Argument(help="What changes, in a sentence.")],
) -> None:
    """Write the migration that the service's declared rows ask for; read it before you commit."""
    runtime = RUNTIMES[service]
    declared = runtime.service(settings_with(data=default_folder()))
    found = revise(declared, runtime.migrations, message)
    console.print(f"{found}" if found else f"{service}: database and rows agree")


@app.command("verify")
def verify_all(
    service: NameOrAllArgument = None,
    data: DataOption = None,
) -> None:
    """Fold all events anew and name all that differs, untrue notices too. Changes nothing."""
    runtimes = chosen(service)
    with server_beside(settings_with(data=data), runtimes) as ready:
        differing = serving.run(_verify(ready, runtimes))
    if differing:
        raise typer.Exit(DIFFERS)


async def _verify(settings: PlatformSettings, runtimes: Sequence[Runtime[Any]]) -> int:
    differing = 0
    for runtime in runtimes:
        name, host = runtime.name, runtime.host(settings)
        try:
            with console.status(f"{name}: folding all events"):
                found = await host.verify()
        finally:
            await host.stop()
        for one in found:
            where = f"{one.table} {one.key} {one.column}".strip()
            typer.echo(f"{name}: {where}: stored {one.stored}, expected {one.expected}")
        typer.echo(f"{name}: {len(found)} differences" if found else f"{name}: clean")
        differing += len(found)
    return differing


@app.command()
def serve(service: NameArgument, port: PortOption = None, host: HostOption = None) -> None:
    """Answer HTTP for one service; its workers run elsewhere."""
    settings = settings_with(port=port, host=host)
    _run_alone(service, settings, lambda: RUNTIMES[service].host(settings, role=SERVER))


@app.command()
def work(service: NameArgument, port: PortOption = None, host: HostOption = None) -> None:
    """Run the workers of one service; health, metrics and the clock answer on the port."""
    settings = settings_with(port=port, host=host)
    _run_alone(service, settings, lambda: RUNTIMES[service].host(settings, role=WORKER))


def _run_alone(name: str, settings: PlatformSettings, make: Callable[[], Host]) -> None:
    configure_logs(settings.log_level)

    def said(address: str) -> None:
        console.print(f"{name} answers at {address}")

    async def main() -> None:
        one = make()
        await serving.serve(one.app, [one], host=settings.host, port=settings.port, ready=said)

    serving.run(main())


@app.command("settings")
def show_settings() -> None:
    """Every setting with its default and meaning, as the table of the README."""
    typer.echo(settings_table())


def settings_table() -> str:
    kinds: list[type[BaseSettings]] = [
        PlatformSettings,
        *(runtime.settings for runtime in RUNTIMES.values()),
    ]
    lines = [f"| `{row.name}` | {row.default} | {row.meaning} |" for row in rows_of(kinds)]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *lines])


def _end_cleanly() -> None:
    """Before the server has its own handlers, SIGTERM unwinds like SIGINT does."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)


def _said(problem: Exception) -> str:
    if isinstance(problem, ValidationError):
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors()]
        return "; ".join(lines)
    return f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__


EXPECTED: Final[Sequence[type[Exception]]] = (
    ValidationError,
    DatabaseRefused,
    DatabaseUnknown,
    EmbeddedError,
    Refused,
    Unreachable,
    ClockNotManual,
    WorkHalted,
    WorkStandsStill,
    BenchFailed,
    LogUnavailable,
    SchemaMismatch,
    TopicMismatch,
    UnknownTopic,
)


def main(arguments: Sequence[str] | None = None) -> Any:
    """What users can do something about is said in a line; the rest is a bug with its traceback."""
    try:
        app(None if arguments is None else list(arguments))
    except tuple(EXPECTED) as problem:
        console.print(_said(problem), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
