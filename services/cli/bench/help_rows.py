"""The processor time of `duebook --help`, beside that of a Python that does nothing."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Sequence
from typing import Final

from services.cli.bench.lines import Line, Sample, Say
from services.cli.bench.plan import Plan
from services.cli.bench.served import without_settings
from services.cli.bench.speeds import BenchFailed

TIMES: Final = 5  # In each round, as a process is short for a clock of processor time.
NOTHING: Final = (sys.executable, "-c", "pass")


async def measure(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """Starts both in turn. Raises BenchFailed."""
    samples: list[Sample] = []
    for number in range(plan.rounds):
        say(f"round {number + 1} of {plan.rounds}")
        samples.append(Sample(await _cpu_s([*program, "--help"]), await _cpu_s(NOTHING)))
    return [
        Line(
            name="duebook --help", unit="CPU s", beside="python that does nothing", samples=samples
        )
    ]


async def _cpu_s(command: Sequence[str]) -> float:
    """The processor seconds of one run, the mean of several."""
    before = os.times()
    for _ in range(TIMES):
        process = await asyncio.create_subprocess_exec(
            *command, stdout=DEVNULL, env=without_settings()
        )
        if status := await process.wait():
            raise BenchFailed(f"{' '.join(command)} ended with {status}")
    after = os.times()
    used_s = after.children_user + after.children_system
    used_s -= before.children_user + before.children_system
    if used_s <= 0:
        raise BenchFailed("this system does not tell the processor time of a process that ended")
    return used_s / TIMES
