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
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from services.cli.bench.bench_echo import ECHO_PATH
from services.cli.bench.http_load import Load, Question
from services.cli.bench.plan import Plan
from services.cli.bench.speeds import BenchFailed, Run, Speed, Spread, run_of, speeds
from services.cli.client.duebook import Duebook, Json
from shared.platform.clock import monotonic_s, wall_now
from shared.platform.codec import to_json
from shared.platform.hosting.settings import PREFIX

WARM_UP_S_MAX: Final = 1.0  # seconds each thing is done once before it counts
START_S_MAX: Final = 180.0  # for a new database server and its migrations
GOODBYE_S_MAX: Final = 30.0  # until the measured process must have ended
SETTLE_S_MAX: Final = 300.0  # until the read models have seen a round's invoices
LOOK_AGAIN_S: Final = 0.02  # between two looks whether the work is done

GROWING: Final = "GROWING"  # The legal entity whose invoices are issued while it is measured,
STEADY: Final = "STEADY"  # and the one whose aging is asked for: its books stay as they are.
ACCOUNTS: Final = 100  # of each
STEADY_ITEMS: Final = 1000  # open items
ECHO: Final = "echo of an invoice"
ISSUE: Final = "POST invoice"
AGING: Final = f"GET aging of {STEADY_ITEMS} items"


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
    """`command` serves, and says where. Raises BenchFailed."""
    say("starting a server in a fresh folder")
    async with served(command) as url, Duebook(url) as duebook:
        say("opening its books")
        today = wall_now().date()
        await _open_books(duebook, today)
        load = await Load.open(url, plan.connections)
        try:
            return await _rounds(duebook, load, plan, today, say)
        finally:
            await load.close()


async def _open_books(duebook: Duebook, today: date) -> None:
    for code in (GROWING, STEADY):
        entity = {"code": code, "name": code, "time_zone": "UTC", "currency": "CNY"}
        await duebook.command("ledger", "/legal-entities", entity, key=code)
        accounts = (
            {"legal_entity": code, "number": f"C-{number}", "name": f"Customer {number}"}
            for number in range(ACCOUNTS)
        )
        await asyncio.gather(
            *(
                duebook.command("ledger", "/accounts", body, key=f"{code} {body['number']}")
                for body in accounts
            )
        )
    await asyncio.gather(
        *(
            duebook.command(
                "ledger", "/invoices", _invoice(STEADY, number, today), key=f"{STEADY} B-{number}"
            )
            for number in range(STEADY_ITEMS)
        )
    )
    await _settled(duebook)


def _invoice(code: str, number: int, today: date) -> Json:
    return {
        "account": {"legal_entity": code, "number": f"C-{number % ACCOUNTS}"},
        "number": f"B-{number}",
        "issued_on": today,
        "total": {"amount": "1234.50", "currency": "CNY"},
        "terms": {"anchor": "invoice", "add_days": 30},
    }


async def _rounds(
    duebook: Duebook, load: Load, plan: Plan, today: date, say: Callable[[str], None]
) -> Measured:
    measured = Measured()
    things = _things(load, today)
    for number in range(plan.rounds + 1):
        say(f"round {number} of {plan.rounds}" if number else "warming up")
        seconds = plan.seconds if number else min(plan.seconds, WARM_UP_S_MAX)
        runs: dict[str, Run] = {}
        for name, (question, status) in things.items():
            latencies_s, took_s = await load.run(question, status, seconds)
            runs[name] = run_of(name, latencies_s, took_s)
            settled_s = await _settled(duebook)
            if number and name == ISSUE:
                measured.settled_s.append(settled_s)
        if number:
            measured.rounds.append(runs)
    return measured


def _things(load: Load, today: date) -> Mapping[str, tuple[Question, int]]:
    """What is asked for, and with which status it is answered."""

    def echo(number: int) -> bytes:
        return load.request("POST", ECHO_PATH, {}, to_json(_invoice(GROWING, number, today)))

    def issue(number: int) -> bytes:
        key = {"idempotency-key": f"invoice {number}"}
        return load.request(
            "POST", "/ledger/v1/invoices", key, to_json(_invoice(GROWING, number, today))
        )

    aging = load.request("GET", f"/ledger/v1/reports/aging?legal_entity={STEADY}", {})
    return {ECHO: (echo, 200), ISSUE: (issue, 201), AGING: (lambda number: aging, 200)}


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
    table.add_column("")
    for column in ("per second", "min", "max", "p50 ms", "p99 ms", "ratio to echo", "min", "max"):
        table.add_column(column, justify="right")
    for speed in speeds(measured.rounds, ECHO):
        table.add_row(*_row(speed))
    console.print(table)
    console.print(
        "Medians of the rounds. Load, server with its workers, and PostgreSQL share this machine."
    )
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
    ]


def _each(spread: Spread, form: str) -> Sequence[str]:
    return [format(number, form) for number in spread]
