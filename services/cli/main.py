"""The `duebook` command: what it can be asked. No work here.

What a sub-command does is in `commands/` and imported when it is called, so that help, completion
and a mistyped option are answered at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from services.cli.bench.plan import (
    ALL_SERVICES,
    CLOCK_START,
    CONNECTIONS_MAX,
    KAFKA,
    ROUNDS_MAX,
    SECONDS_MAX,
    SECONDS_MIN,
    SIZES,
    TOPIC_PREFIX,
    WITHOUT_WORKERS,
    Plan,
)
from services.cli.bench.seed_plan import ITEMS, READ_ITEMS
from services.cli.client.addresses import HOME_URL
from services.cli.client.patience import RETRY_S_MAX
from services.cli.commands.options import (
    DAY_FORMAT,
    HOME_ZONE,
    BenchRowOption,
    BenchSizeOption,
    BooksOption,
    ClockOption,
    CustomersOption,
    DataOption,
    DayOption,
    HostOption,
    KafkaOption,
    MonthsOption,
    NameArgument,
    NameOrAllArgument,
    PatienceOption,
    PortOption,
    SeedOption,
    StartOption,
    TakeOverOption,
    UrlOption,
    WriteOption,
)

app = typer.Typer(
    name="duebook",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
topics_app = typer.Typer(help="The topics of the log.", no_args_is_help=True)
import_app = typer.Typer(help="Put existing books into a running Duebook.", no_args_is_help=True)
bench_app = typer.Typer(invoke_without_command=True)
clock_app = typer.Typer(help="The domain clock of a system started with --clock manual.")
parked_app = typer.Typer(
    help="Streams that are passed over because of an event a worker cannot take.",
    no_args_is_help=True,
)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"duebook {version('duebook')}")
        raise typer.Exit


@app.callback()
def _duebook(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """An event-sourced receivables platform."""


app.add_typer(topics_app, name="topics")
app.add_typer(import_app, name="import")
app.add_typer(bench_app, name="bench")
app.add_typer(clock_app, name="clock")
app.add_typer(parked_app, name="parked")


@app.command()
def simulate(
    customers: CustomersOption = 200,
    months: MonthsOption = 12,
    seed: SeedOption = 7,
    url: UrlOption = HOME_URL,
    start: DayOption = None,
    report: Annotated[bool, typer.Option("--report", help="Show what came of it.")] = False,
    patience: PatienceOption = RETRY_S_MAX,
) -> None:
    """Let a simulated book happen, day by day, on a manual clock."""
    from services.cli.commands import book

    first = start.date() if start else None
    book.simulate(seed, customers, months, first, url, report, patience)


@app.command("report")
def show_report(
    legal_entity: Annotated[str, typer.Argument(help="Its code.")], url: UrlOption = HOME_URL
) -> None:
    """Show aging, worst customers, work list, alerts, notices and tasks of a legal entity."""
    from services.cli.commands import book

    book.report(legal_entity, url)


@bench_app.callback()
def bench(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=SECONDS_MIN, max=SECONDS_MAX)] = 3.0,
    rounds: Annotated[int, typer.Option(min=1, max=ROUNDS_MAX)] = 3,
    connections: Annotated[int, typer.Option(min=1, max=CONNECTIONS_MAX)] = 32,
    only: BenchRowOption = None,
    full: Annotated[
        bool, typer.Option("--full", help="At the sizes of the goals; takes an hour.")
    ] = False,
    size: BenchSizeOption = None,
    kafka: KafkaOption = None,
    write: WriteOption = None,
) -> None:
    """Measure this machine: each thing beside another that is measured in the same round."""
    from services.cli.commands import measuring

    if context.invoked_subcommand is not None:
        return
    if size is not None and only not in SIZES:
        raise typer.BadParameter(f"--size belongs to --only and one of {', '.join(SIZES)}")
    plan = Plan(seconds, rounds, connections, only, is_full=full, size=size, kafka=kafka)
    measuring.bench(plan, write)


@bench_app.command("seed")
def bench_seed(items: BooksOption = ITEMS, day: DayOption = None, data: DataOption = None) -> None:
    """Fill the read models of empty databases, to measure reads on. No event tells of them."""
    from services.cli.commands import seed

    seed.seed_books(items, day.date() if day else None, data)


@bench_app.command("reads")
def bench_reads(
    items: BooksOption = READ_ITEMS,
    rounds: Annotated[int, typer.Option(min=1, max=ROUNDS_MAX)] = 5,
    seconds: Annotated[float, typer.Option(min=SECONDS_MIN, max=SECONDS_MAX)] = 1.0,
    data: Annotated[Path | None, typer.Option(help="Folder of seeded books; else new.")] = None,
) -> None:
    """Measure aging, lists and pages on large books, beside a lookup and a count of the items."""
    from services.cli.commands import seed

    seed.bench_reads(items, rounds, seconds, data)


@app.command()
def up(
    port: PortOption = None,
    host: HostOption = None,
    data: DataOption = None,
    clock: ClockOption = None,
    clock_start: StartOption = None,
) -> None:
    """Run all services in this process, on an embedded PostgreSQL unless one is named."""
    from services.cli.commands import running, settings

    given = {"port": port, "host": host, "data": data, "clock": clock, "clock_start": clock_start}
    running.up(settings.settings_with(**given))


@app.command()
def demo(
    customers: CustomersOption = 200,
    months: MonthsOption = 12,
    seed: SeedOption = 7,
    port: PortOption = None,
    exit_after: Annotated[bool, typer.Option("--exit", help="End when all is shown.")] = False,
) -> None:
    """Simulate a year of 200 customers in a fresh folder, show what came of it, and stay up."""
    from services.cli.commands import demo as shown

    shown.demo(customers, months, seed, port, exit_after)


@app.command(hidden=True)
def bench_server(
    without_workers: Annotated[bool, typer.Option(WITHOUT_WORKERS)] = False,
    all_services: Annotated[bool, typer.Option(ALL_SERVICES)] = False,
    clock_start: Annotated[str | None, typer.Option(CLOCK_START)] = None,
    kafka: Annotated[str | None, typer.Option(KAFKA)] = None,
    topic_prefix: Annotated[str | None, typer.Option(TOPIC_PREFIX)] = None,
) -> None:
    """What `bench` measures: ledger, or all services, in a fresh folder, and an echo."""
    from services.cli.commands import measuring

    measuring.bench_server(
        measuring.BenchServer(
            works=not without_workers,
            has_all=all_services,
            clock_start=clock_start,
            kafka=kafka,
            topic_prefix=topic_prefix,
        )
    )


@app.command(hidden=True)
def bench_memory(
    streams: Annotated[int, typer.Argument(min=1, help="That it writes, five events each.")],
) -> None:
    """What `bench` looks at: a process that has written and read much says what it holds."""
    from services.cli.commands import measuring

    measuring.bench_memory(streams)


@app.command(hidden=True)
def bench_reads_server(data: Annotated[Path, typer.Option()]) -> None:
    """What `bench reads` measures: the services on seeded books, without workers."""
    from services.cli.commands import seed

    seed.bench_reads_server(data)


@app.command()
def migrate(service: NameOrAllArgument = None, data: DataOption = None) -> None:
    """Bring the databases up to date, as the owner of their tables."""
    from services.cli.commands import databases

    databases.migrate(service, data)


@app.command()
def revision(
    service: NameArgument,
    message: Annotated[str, typer.Argument(help="What changes, in a sentence.")],
) -> None:
    """Write the migration that the service's declared rows ask for; read it before you commit."""
    from services.cli.commands import databases

    databases.write_revision(service, message)


@app.command()
def verify(service: NameOrAllArgument = None, data: DataOption = None) -> None:
    """Fold all events anew and name all that differs, untrue notices too. Changes nothing."""
    from services.cli.commands import databases

    databases.verify(service, data)


@app.command()
def serve(service: NameArgument, port: PortOption = None, host: HostOption = None) -> None:
    """Answer HTTP for one service; its workers run elsewhere."""
    from services.cli.commands import running, settings

    running.serve(service, settings.settings_with(port=port, host=host))


@app.command()
def work(service: NameArgument, port: PortOption = None, host: HostOption = None) -> None:
    """Run the workers of one service; health, metrics and the clock answer on the port."""
    from services.cli.commands import running, settings

    running.work(service, settings.settings_with(port=port, host=host))


@app.command("settings")
def show_settings() -> None:
    """Every setting with its default and meaning, as the table of the README."""
    from services.cli.commands import settings

    typer.echo(settings.settings_table())


@topics_app.command("apply")
def apply_topics(data: DataOption = None) -> None:
    """Create what is missing. What is there and differs is named, and nothing is changed."""
    from services.cli.commands import topics

    topics.apply_topics(data)


@topics_app.command("verify")
def verify_topics(data: DataOption = None) -> None:
    """Say whether all topics are there, with their partitions and retention."""
    from services.cli.commands import topics

    topics.verify_topics(data)


@import_app.command("ledger")
def import_ledger(
    file: Annotated[Path, typer.Argument(help="CSV of invoices, settled or not.")],
    ledger_map: Annotated[Path, typer.Option("--map", help="TOML: which column holds what.")],
    url: UrlOption = HOME_URL,
    drive_clock: Annotated[
        bool, typer.Option("--drive-clock", help="Let it happen day by day on a manual clock.")
    ] = False,
    first: Annotated[datetime | None, typer.Option("--from", formats=[DAY_FORMAT])] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=[DAY_FORMAT])] = None,
    take_over_on: TakeOverOption = None,
    patience: PatienceOption = RETRY_S_MAX,
) -> None:
    """Import invoices and their settlement; what is refused is reported, the rest goes in.

    May be repeated as often as one likes: nothing is written twice.
    """
    from services.cli.commands import importing

    if not drive_clock and (first or last):
        raise typer.BadParameter("--from and --to belong to --drive-clock")
    days = importing.driven_days(first, last) if drive_clock else None
    day = take_over_on.date() if take_over_on else None
    importing.import_ledger(file, ledger_map, url, days, day, patience)


@clock_app.callback()
def _keep_the_name() -> None:
    """A group of one command would lose its command's name."""


@clock_app.command()
def advance(
    to: Annotated[str, typer.Option(help="A day (its beginning in the zone) or an instant.")],
    zone: Annotated[str, typer.Option(help="In which a day begins.")] = HOME_ZONE,
    url: UrlOption = HOME_URL,
) -> None:
    """Move all clocks forward, stop whenever something is due, and wait until it is done."""
    from services.cli.commands import clock

    clock.advance(to, zone, url)


@parked_app.command("list")
def list_parked(url: UrlOption = HOME_URL) -> None:
    """Name each with its worker, the place on the log where it begins, and the reason."""
    from services.cli.commands import parked

    parked.list_parked(url)


@parked_app.command("retry")
def retry_parked(
    stream: Annotated[UUID | None, typer.Argument(help="All when none is named.")] = None,
    url: UrlOption = HOME_URL,
) -> None:
    """Ask for another try; what fails again stays in the list, with its reason."""
    from services.cli.commands import parked

    parked.retry_parked(stream, url)


def main(arguments: Sequence[str] | None = None) -> Any:
    """What users can do something about is said in a line; the rest is a bug with its traceback."""
    try:
        app(None if arguments is None else list(arguments))
    except Exception as problem:
        from services.cli.commands.problems import line_about
        from services.cli.commands.terminal import console

        line = line_about(problem)
        if line is None:
            raise
        console.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
