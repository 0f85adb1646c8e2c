"""How fast this machine does Duebook's work, each beside something measured in the same round.

Rounds are interleaved, so that what disturbs the machine disturbs all that is compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import date
from importlib import import_module
from typing import Final

from services.cli.bench.http_load import Load
from services.cli.bench.lines import Line, Measure, Say, lines_of
from services.cli.bench.plan import ALLOCATE, APART, ECHO, ISSUE, OTHERS, WITHOUT_WORKERS, Plan
from services.cli.bench.rows import GROWING, STEADY, Row, Server, open_books, rows_of
from services.cli.bench.served import served, settled
from services.cli.bench.speeds import BenchFailed, Run, run_of
from services.cli.client.clocks import WorkHalted, WorkStandsStill
from services.cli.client.duebook import Duebook, Refused, Unreachable
from shared.platform.clock import wall_now

WARM_UP_S_MAX: Final = 1.0  # seconds each thing is done once before it counts
FAILURES: Final = (BenchFailed, Refused, Unreachable, WorkHalted, WorkStandsStill)
# Each has a coroutine function `measure`, imported when it is measured.
MODULES: Final[Mapping[str, str]] = {
    row: f"services.cli.bench.{row.replace('-', '_')}_rows" for row in OTHERS
}


def measure_of(row: str) -> Measure:
    """What measures a row that is not a request."""
    found: Measure = import_module(MODULES[row]).measure
    return found


async def measure(program: Sequence[str], plan: Plan, say: Say = lambda what: None) -> list[Line]:
    """All lines of the plan, in the order of the table.

    A row that fails says so in its line, and the others go on. Raises what it failed of if it is
    the only one.
    """
    rows: list[tuple[str, Measure]] = [(row, measure_of(row)) for row in OTHERS if plan.has(row)]
    if plan.has_requests:
        rows.insert(0, ("requests", measure_requests))
    lines: list[Line] = []
    for row, measured in rows:

        def said(what: str, row: str = row) -> None:
            say(f"{row}: {what}")

        try:
            lines += await measured(program, plan, said)
        except FAILURES as problem:
            if plan.only is not None:
                raise
            lines.append(
                Line(name=row, note=f"{type(problem).__name__}: {problem}", has_failed=True)
            )
    return lines


async def measure_requests(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """The lines of what is asked for over HTTP, the echo first. Raises BenchFailed."""
    command = [*program, "bench-server"]
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
        await settled(duebook)
    load = await Load.open(url, plan.connections)
    stack.push_async_callback(load.close)
    return Server(duebook, load, works)


async def _rounds(rows: Sequence[Row], plan: Plan, say: Say) -> Sequence[Line]:
    rounds: list[Mapping[str, Run]] = []
    settled_s: list[float] = []
    for number in range(plan.rounds + 1):
        say(f"round {number} of {plan.rounds}" if number else "warming up")
        seconds = plan.seconds if number else min(plan.seconds, WARM_UP_S_MAX)
        runs: dict[str, Run] = {}
        for row in rows:
            question = await row.question(seconds)
            latencies_s, took_s = await row.server.load.run(question, row.status, seconds)
            runs[row.name] = run_of(row.name, latencies_s, took_s)
            waited_s = await settled(row.server.duebook) if row.server.works else 0.0
            if number and row.name == ISSUE:
                settled_s.append(waited_s)
        if number:
            rounds.append(runs)
    notes = {ISSUE: _behind(settled_s)} if settled_s else {}
    return lines_of(rounds, ECHO, notes)


def _behind(settled_s: Sequence[float]) -> str:
    return (
        "the read models had seen every invoice of a round at most"
        f" {max(settled_s):.2f} s after its last answer"
    )
