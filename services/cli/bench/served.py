"""The process that is measured: started in a fresh folder, told to end afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from services.cli.bench.speeds import BenchFailed
from services.cli.client.duebook import Duebook
from shared.platform.clock import monotonic_s
from shared.platform.hosting.settings import PREFIX

START_S_MAX: Final = 180.0  # for a new database server and its migrations
GOODBYE_S_MAX: Final = 30.0  # until the measured process must have ended
SETTLE_S_MAX: Final = 300.0  # until the read models have seen a round's invoices
LOOK_AGAIN_S: Final = 0.02  # between two looks whether the work is done


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


def without_settings() -> Mapping[str, str]:
    """The environment without settings of ours: what is measured is as it comes."""
    return {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}


@asynccontextmanager
async def served(command: Sequence[str]) -> AsyncIterator[str]:
    """The address of the process, which is told to end afterwards."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, env=without_settings()
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


async def settled(duebook: Duebook) -> float:
    """The seconds until all workers of ledger are done: they take no time of what comes next."""
    begin_s = monotonic_s()
    while (passed_s := monotonic_s() - begin_s) < SETTLE_S_MAX:
        body = (await duebook.operation("ledger", "GET", "/clock")).body
        if stuck := [*body["halted"], *body["parked"]]:
            raise BenchFailed(f"a worker halted or parked a stream: {stuck}")
        if body["settled"]:
            return passed_s
        await asyncio.sleep(LOOK_AGAIN_S)
    raise BenchFailed(f"the read models were not up to date after {SETTLE_S_MAX:.0f} s")
