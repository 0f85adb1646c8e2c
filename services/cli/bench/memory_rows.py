"""The memory that a ledger holds after it wrote, relayed and projected many events of many streams.

In a process of its own, beside what it held when it had just come up. PostgreSQL is not in it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from services.cli.bench.databases import as_served, done
from services.cli.bench.ledger_book import ALLOCATIONS, LedgerBook
from services.cli.bench.lines import Line, Sample, Say, number
from services.cli.bench.plan import MEMORY, Plan
from services.cli.bench.served import without_settings
from services.cli.bench.speeds import BenchFailed
from shared.platform.clock import wall_now
from shared.platform.hosting.host import Host
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.reactor.runtime import REACTED_MAX
from shared.platform.store.cache import STREAMS_CACHED_MAX
from shared.platform.store.waiting import WORKS_WAITING_MAX

MIB: Final = 1024**2
KIB: Final = 1024
EVENTS_EACH: Final = 1 + ALLOCATIONS  # Of a stream.
RESIDENT: Final = Path("/proc/self/statm")
ROUNDS_MAX: Final = 2  # rounds; memory varies little, and at full size one takes long
PARTS: Final = 2  # After each of which it is looked: what is bound does not grow in the second.


class Held(NamedTuple):
    """What a process held, in bytes, and how much it had done."""

    at_first: int
    after_half: int
    after_all: int
    streams: int
    events: int


async def measure(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """Measures one process in each round. Raises BenchFailed."""
    if not RESIDENT.exists():
        return [Line(name=MEMORY, note="this system does not tell it in /proc")]
    streams = plan.size_of(MEMORY) // EVENTS_EACH
    found: list[Held] = []
    rounds = 1 if plan.is_full else min(plan.rounds, ROUNDS_MAX)
    for nth in range(rounds):
        say(f"round {nth + 1} of {rounds}")
        found.append(await _held(program, streams))
    return [line_of(found)]


def line_of(found: Sequence[Held]) -> Line:
    """The line of what processes held, with what bounds it."""
    last = found[-1]
    each_kib = (last.after_all - last.after_half) / (last.streams / PARTS) / KIB
    return Line(
        name=f"{MEMORY}: ledger, resident",
        unit="MiB",
        beside="the process when it had come up",
        samples=[Sample(one.after_all / MIB, one.at_first / MIB) for one in found],
        note=(
            f"{last.events:,} events of {last.streams:,} streams; after half of them"
            f" {number(last.after_half / MIB)} MiB, then {number(each_kib)} KiB more for each"
            f" further stream. Bound by STREAMS_CACHED_MAX ({STREAMS_CACHED_MAX:,}"
            f" states), WORKS_WAITING_MAX ({WORKS_WAITING_MAX:,} works) and REACTED_MAX"
            f" ({REACTED_MAX:,} records of a batch, for each worker)"
        ),
    )


async def _held(program: Sequence[str], streams: int) -> Held:
    process = await asyncio.create_subprocess_exec(
        *program, "bench-memory", str(streams), stdout=PIPE, env=without_settings()
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise BenchFailed(f"the process that is measured ended with {process.returncode}")
    return Held(**json.loads(said))


async def hold(
    host: Host,
    settings: PlatformSettings,
    streams: int,
    resident_bytes: Callable[[], int],
) -> Held:
    """For the process that is measured: writes and reads, and looks at what it holds."""
    book = await LedgerBook.open(host, settings.tenant_id, wall_now())
    await done(host)
    with as_served():
        at_first = resident_bytes()
        looks: list[int] = []
        events = 0
        for _ in range(PARTS):
            events += await book.write_busy(streams // PARTS)
            await done(host)
            looks.append(resident_bytes())
    return Held(at_first, looks[0], looks[-1], streams // PARTS * PARTS, events)


def resident_bytes() -> int:
    """The memory of this process that is in use at present."""
    return int(RESIDENT.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def say_held(held: Held) -> None:
    """For the process that is measured: how the one that asks learns it."""
    sys.stdout.write(json.dumps(held._asdict()))
    sys.stdout.flush()
