"""`duebook bench seed` and `bench reads`: large books, and how long it takes to read them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from services.cli.bench.reads import Books, measure_reads, show_reads
from services.cli.bench.seeded_books import SeededBooks
from services.cli.bench.seeded_rows import ROWS
from services.cli.bench.seeding import day_of, seed
from services.cli.bench.served import end_with_parent, say_address
from services.cli.commands.program import THIS_PROGRAM
from services.cli.commands.running import end_cleanly
from services.cli.commands.settings import settings_with
from services.cli.commands.terminal import console
from services.cli.installed import RUNTIMES
from services.cli.reporting.report import console_for_reports
from shared.platform.clock import wall_now
from shared.platform.database.embedded.server import temporary_folder
from shared.platform.hosting import serving
from shared.platform.hosting.local_server import (
    make_log_database,
    migrate_service,
    server_beside,
    server_for,
)
from shared.platform.hosting.runtime import Role, Runtime
from shared.platform.hosting.settings import PlatformSettings


def _runtimes() -> Sequence[Runtime[Any]]:
    return [RUNTIMES[name] for name in ROWS]


def seed_books(items: int, day: date | None, data: Path | None) -> None:
    """Migrates the three databases and fills them. Raises BooksNotEmpty."""
    with server_for(settings_with(data=data), _runtimes()) as placed:
        _migrate(placed)
        _seed(placed, items, day or wall_now().date())


def _migrate(placed: PlatformSettings) -> None:
    make_log_database(placed)
    for one in _runtimes():
        migrate_service(placed, one)


def _seed(placed: PlatformSettings, items: int, day: date) -> None:
    books = SeededBooks(placed.tenant_id, items, day)
    for one in _runtimes():
        with console.status(f"{one.name}: writing the books"):
            serving.run(seed(one.database_url(placed), books, ROWS[one.name]))
        console.print(f"{one.name}: {books.items} open items of {books.accounts} accounts")


def bench_reads(items: int, rounds: int, seconds: float, data: Path | None) -> None:
    """Measures on the seeded books in the folder; without one on new ones, thrown away after.

    Raises BooksMissing.
    """
    with ExitStack() as stack:
        folder = data or stack.enter_context(temporary_folder())
        placed = stack.enter_context(server_for(settings_with(data=folder), _runtimes()))
        _migrate(placed)
        if data is None:
            _seed(placed, items, wall_now().date())
        url = RUNTIMES["ledger"].database_url(placed)
        books = Books(
            [*THIS_PROGRAM, "bench-reads-server", "--data", str(folder)],
            url,
            placed.tenant_id,
            serving.run(day_of(url, placed.tenant_id)),
        )
        with console.status("bench reads") as status:
            found = serving.run(measure_reads(books, rounds, seconds, status.update))
    show_reads(found, f"{rounds} x {seconds:g} s of each, one at a time", console_for_reports())


def bench_reads_server(data: Path) -> None:
    """Serves what `bench reads` measures: the three services without their workers."""
    end_cleanly()
    end_with_parent()
    with server_beside(settings_with(data=data), _runtimes()) as placed:
        serving.run(_serve(placed))


async def _serve(settings: PlatformSettings) -> None:
    role = Role(works=False, makes_topics=True)
    hosts = {one.name: one.host(settings, role=role) for one in _runtimes()}
    app = serving.joined(hosts)
    await serving.serve(app, [*hosts.values()], host=settings.host, port=0, ready=say_address)
