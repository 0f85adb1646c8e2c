"""How fast this machine does Duebook's work, beside how fast it says back the same request.

The server is a process of its own and the load another. Rounds are interleaved, so that what
disturbs the machine disturbs all that is compared.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from services.cli.bench.http_load import Load
from services.cli.bench.plan import ALLOCATE, APART, ECHO, ISSUE, WITHOUT_WORKERS, Plan
from services.cli.bench.rows import GROWING, STEADY, Row, Server, open_books, rows_of
from services.cli.bench.speeds import BenchFailed, Run, Speed, Spread, run_of, speeds
from services.cli.client.duebook import Duebook
from shared.platform.clock import monotonic_s, wall_now
from shared.platform.hosting.settings import PREFIX

WARM_UP_S_MAX: Final = 1.0  # seconds each thing is done once before it counts
START_S_MAX: Final = 180.0  # for a new database server and its migrations
GOODBYE_S_MAX: Final = 30.0  # until the measured process must have ended
SETTLE_S_MAX: Final = 300.0  # until the read models have seen a round's invoices
LOOK_AGAIN_S: Final = 0.02  # between two looks whether the work is done


COLUMNS: Final = (
    *("per second", "min", "max", "p50 ms", "p99 ms"),
    *("ratio to echo", "min", "max", "p99 to echo", "min", "max"),
)


@dataclass
class Measured:
    """What came of it so far."""

    rounds: list[Mapping[str, Run]] = field(default_factory=list)
    settled_s: list[float] = field(default_factory=list)  # Each round's wait for the read models.


def say_address(address: str) -> None:
    """For the process that serves: how the one that measures learns where."""
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


def end_with_parent() -> None:
    """For the process that serves: whoever started it holds the other end of its input."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


@asynccontextmanager
async def served(command: Sequence[str]) -> AsyncIterator[str]:
    """The address of the process, which is told to end afterwards. It has no settings of ours."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, env=environment
    )
    try:
        yield await _address(process)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), GOODBYE_S_MAX)
        except TimeoutError:
            process.kill()


async def _address(process: Process) -> str:
    if process.stdout is None:
        raise TypeError("the process must have been given a pipe")
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_S_MAX)
    except TimeoutError:
        raise BenchFailed(f"the server was not up after {START_S_MAX:.0f} s") from None
    if not line:
        raise BenchFailed("the server ended before it was up")
    return line.decode().strip()


async def measure(
    command: Sequence[str], plan: Plan, say: Callable[[str], None] = lambda what: None
) -> Measured:
    """`command` serves, and says where; told so, it leaves the workers out. Raises BenchFailed."""
    today = wall_now().date()
    async with AsyncExitStack() as stack:
        say("starting a server in a fresh folder")
        together = await _opened(stack, command, plan, today, works=True)
        apart: Server | None = None
        if plan.wants(APART, ALLOCATE):
            say("starting one without workers")
            apart = await _opened(stack, [*command, WITHOUT_WORKERS], plan, today, works=False)
        return await _rounds(rows_of(plan, together, apart, today), plan, say)


async def _opened(
    stack: AsyncExitStack, command: Sequence[str], plan: Plan, today: date, *, works: bool
) -> Server:
    url = await stack.enter_async_context(served(command))
    duebook = await stack.enter_async_context(Duebook(url))
    await open_books(duebook, today, (GROWING, STEADY) if works else (GROWING,))
    if works:
        await _settled(duebook)
    load = await Load.open(url, plan.connections)
    stack.push_async_callback(load.close)
    return Server(duebook, load, works)


async def _rounds(rows: Sequence[Row], plan: Plan, say: Callable[[str], None]) -> Measured:
    measured = Measured()
    for number in range(plan.rounds + 1):
        say(f"round {number} of {plan.rounds}" if number else "warming up")
        seconds = plan.seconds if number else min(plan.seconds, WARM_UP_S_MAX)
        runs: dict[str, Run] = {}
        for row in rows:
            question = await row.question(seconds)
            latencies_s, took_s = await row.server.load.run(question, row.status, seconds)
            runs[row.name] = run_of(row.name, latencies_s, took_s)
            settled_s = await _settled(row.server.duebook) if row.server.works else 0.0
            if number and row.name == ISSUE:
                measured.settled_s.append(settled_s)
        if number:
            measured.rounds.append(runs)
    return measured


async def _settled(duebook: Duebook) -> float:
    """The seconds until all workers are done, so that they take no time of what comes next."""
    begin_s = monotonic_s()
    while (passed_s := monotonic_s() - begin_s) < SETTLE_S_MAX:
        body = (await duebook.operation("ledger", "GET", "/clock")).body
        if stuck := [*body["halted"], *body["parked"]]:
            raise BenchFailed(f"a worker halted or parked a stream: {stuck}")
        if body["settled"]:
            return passed_s
        await asyncio.sleep(LOOK_AGAIN_S)
    raise BenchFailed(f"the read models were not up to date after {SETTLE_S_MAX:.0f} s")


def show(measured: Measured, plan: Plan, console: Console) -> None:
    title = (
        f"{plan.rounds} x {plan.seconds:g} s of each, {plan.connections} connections,"
        f" {os.cpu_count()} processors"
    )
    table = Table(title=title, title_justify="left")
    table.box = box.ROUNDED if console.is_terminal else box.ASCII2
    table.add_column("", no_wrap=True)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for speed in speeds(measured.rounds, ECHO):
        table.add_row(*_row(speed))
    console.print(table)
    console.print(
        "Medians of the rounds. Load, server with its workers, and PostgreSQL share this machine."
    )
    if not measured.settled_s:
        return
    console.print(
        "The read models had seen every invoice of a round at most"
        f" {max(measured.settled_s):.2f} s after its last answer."
    )


def _row(speed: Speed) -> Sequence[str]:
    return [
        speed.name,
        *_each(speed.per_second, ".0f"),
        f"{speed.p50_ms:.1f}",
        f"{speed.p99_ms:.1f}",
        *_each(speed.ratio, ".3f"),
        *_each(speed.p99_ratio, ".1f"),
    ]


def _each(spread: Spread, form: str) -> Sequence[str]:
    return [format(number, form) for number in spread]
