"""How long the listed reads take on large books, beside a row found by its key and a count.

Each is asked over HTTP, one at a time, in rounds that are interleaved. The count is what PostgreSQL
itself takes for `count(*)` of the open items, without anything of ours around it.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import date, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from rich import box
from rich.console import Console
from rich.table import Table

from services.cli.bench.http_load import Load
from services.cli.bench.seeded_books import SEEDED
from services.cli.bench.served import served
from services.cli.bench.speeds import Run, Spread, run_of, spread
from services.ledger.reports.projections.open_items import OpenItemRow
from shared.platform.clock import monotonic_s
from shared.platform.database.pools import Database
from shared.platform.projector.rows import table_of

PAST_DAYS: Final = 30  # days before the books' day that a past day is
LOOKUP: Final = "GET legal entity by its key"
COUNT: Final = "count(*) of the open items"
COLUMNS: Final = ("p50 ms", "min", "max", "in lookups", "min", "max", "in counts", "min", "max")

Rounds = Sequence[Mapping[str, Run]]


class Read(NamedTuple):
    """One line of the table: what is asked."""

    name: str
    path: str


def reads_on(day: date) -> Sequence[Read]:
    """The reads that are measured, of books of that day."""
    past = day - timedelta(days=PAST_DAYS)
    aging = f"/ledger/v1/reports/aging?legal_entity={SEEDED}"
    return [
        Read(LOOKUP, f"/ledger/v1/legal-entities/{SEEDED}"),
        Read("GET aging", aging),
        Read("GET aging as of a past day", f"{aging}&as_of={past}"),
        Read("GET aging, 50 accounts", f"{aging}&group_by=account&limit=50"),
        Read("GET open items, 50", f"/ledger/v1/open-items?legal_entity={SEEDED}&limit=50"),
        Read("GET work list, 50", "/dunning/v1/work-list?limit=50"),
        Read("GET credit files by score, 50", "/credit/v1/credit-files?sort=score&limit=50"),
        Read("GET exposures exceeded, 50", "/credit/v1/exposures?exceeded=true&limit=50"),
    ]


class Books(NamedTuple):
    """Where the seeded books are served, and where their ledger's tables are."""

    command: Sequence[str]  # Serves them, and says where.
    ledger_url: str
    tenant_id: UUID
    day: date


async def measure_reads(
    books: Books, rounds: int, seconds: float, say: Callable[[str], None] = lambda what: None
) -> Rounds:
    """The first round warms up and does not count. Raises BenchFailed."""
    found: list[Mapping[str, Run]] = []
    async with AsyncExitStack() as stack:
        database = Database(books.ledger_url)
        stack.push_async_callback(database.close)
        load = await Load.open(await stack.enter_async_context(served(books.command)), 1)
        stack.push_async_callback(load.close)
        for number in range(rounds + 1):
            say(f"round {number} of {rounds}" if number else "warming up")
            runs = {COUNT: await _count(database, books.tenant_id, seconds)}
            for read in reads_on(books.day):
                request = load.request("GET", read.path, {})
                latencies_s, took_s = await load.run(_always(request), 200, seconds)
                runs[read.name] = run_of(read.name, latencies_s, took_s)
            if number:
                found.append(runs)
    return found


def _always(request: bytes) -> Callable[[int], bytes]:
    return lambda number: request


async def _count(database: Database, tenant_id: UUID, seconds: float) -> Run:
    """Counts again and again, as the application role and under its policies."""
    item = table_of(OpenItemRow)
    statement = (
        sa.select(sa.func.count())
        .select_from(item)
        .where(item.c.tenant_id == tenant_id, item.c.legal_entity == SEEDED, item.c.open_minor != 0)
    )
    latencies_s = array("d")
    begin_s = monotonic_s()
    async with database.bound([tenant_id], snapshot=True) as connection:
        while not latencies_s or monotonic_s() - begin_s < seconds:
            start_s = monotonic_s()
            await connection.execute(statement)
            latencies_s.append(monotonic_s() - start_s)
    return run_of(COUNT, latencies_s, monotonic_s() - begin_s)


def show_reads(rounds: Rounds, title: str, console: Console) -> None:
    """Shows medians with their spread, and each as a ratio of two things of one round."""
    table = Table(title=f"{title}, {os.cpu_count()} processors", title_justify="left")
    table.box = box.ROUNDED if console.is_terminal else box.ASCII2
    table.add_column("", no_wrap=True)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for name in rounds[0]:
        taken = spread([runs[name].p50_ms for runs in rounds])
        lookups, counts = (_in(rounds, name, base) for base in (LOOKUP, COUNT))
        table.add_row(name, *_each(taken, ".1f"), *_each(lookups, ".2f"), *_each(counts, ".3f"))
    console.print(table)


def _in(rounds: Rounds, name: str, base: str) -> Spread:
    return spread([runs[name].p50_ms / runs[base].p50_ms for runs in rounds])


def _each(found: Spread, form: str) -> Sequence[str]:
    return [format(number, form) for number in found]
