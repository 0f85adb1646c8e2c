"""How many timers ledger fires in a second while many others wait.

Beside the invoices that its writer issues in a second, so that the ratio says what a crossing
costs in commands: both load a stream, decide, and append. The relay publishes in both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from prometheus_client import REGISTRY

from services.cli.bench.databases import (
    FILLING,
    WORKING,
    Databases,
    as_served,
    databases,
    done,
    only,
    running,
)
from services.cli.bench.ledger_book import LedgerBook
from services.cli.bench.lines import Line, Sample, Say
from services.cli.bench.plan import TIMERS, Plan
from services.cli.bench.speeds import BenchFailed
from services.cli.installed import RUNTIMES
from shared.kernel.ids import PARTITIONS
from shared.platform.clock import monotonic_s
from shared.platform.database.pools import Database
from shared.platform.hosting.host import Host
from shared.platform.manual_clock import ManualClock

START: Final = datetime(2026, 3, 2, tzinfo=UTC)
SHARE: Final = 20  # Of so many waiting timers one is fired in a round,
FIRED_MIN: Final = 1_000  # timers of a round; at least so many,
FIRED_MAX: Final = 10_000  # timers of a round; and at most
FAR: Final = timedelta(days=3650)  # When those that wait would be due.
LOOK_AGAIN_S: Final = 0.005  # between two looks whether all are fired; costs no query
FIRE_S_MAX: Final = 600.0  # until all of a round are fired
FIRED: Final = "duebook_timers_fired_total"

# Of streams that are not there: they are never due, so nobody looks for them.
WAIT: Final = """
INSERT INTO es_timer (stream_id, name, due_at, since_version, partition_no, tenant_id)
SELECT gen_random_uuid(), 'waits', $1::timestamptz, 1, n % $2, $3 FROM generate_series(1, $4) n"""


async def measure(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """Measures in this process, on a clock that is moved by hand. Raises BenchFailed."""
    waiting = plan.size_of(TIMERS)
    fired = min(max(waiting // SHARE, FIRED_MIN), FIRED_MAX)
    samples: list[Sample] = []
    async with databases("ledger", clock_start=START) as kept:
        thresholds = tuple(range(1, plan.rounds + 1))
        say(f"{waiting:,} timers begin to wait")
        async with running(kept.settings, RUNTIMES["ledger"], FILLING) as host:
            book = await LedgerBook.open(host, kept.settings.tenant_id, START)
            await book.write_invoices(fired, due_on=START.date(), thresholds=thresholds)
        await _wait(kept, waiting)
        async with running(kept.settings, only(RUNTIMES["ledger"]), WORKING) as host:
            await done(host)
            book = LedgerBook(host, kept.settings.tenant_id, START, written=fired)
            with as_served():
                for number in range(1, plan.rounds + 1):
                    say(f"round {number} of {plan.rounds}")
                    samples.append(await _round(kept, host, book, fired, number))
    return [
        Line(
            name=f"{TIMERS}: fired",
            unit="/s",
            beside="invoices issued by the writer",
            samples=samples,
            note=f"{fired:,} in each round, while {waiting:,} others wait",
        )
    ]


async def _wait(kept: Databases, count: int) -> None:
    async with kept.connected("ledger") as connection:
        settings = kept.settings
        await connection.execute(WAIT, START + FAR, PARTITIONS, settings.tenant_id, count)
        await connection.execute("ANALYZE es_timer")  # As autovacuum does within a minute.


async def _round(kept: Databases, host: Host, book: LedgerBook, count: int, number: int) -> Sample:
    begin_s = monotonic_s()
    await book.write_invoices(count, due_on=(START + FAR).date(), thresholds=(1,))
    issued_s = monotonic_s() - begin_s
    await done(host)
    database = Database(kept.settings.database_url_of("ledger"))
    try:
        clock = ManualClock(database)
        before, begin_s = _fired(), monotonic_s()
        await clock.advance(START + timedelta(days=number, hours=1))
        await _all_fired(before + count, begin_s)
        fired_s = monotonic_s() - begin_s
    finally:
        await database.close()
    await done(host)
    if (all_fired := _fired() - before) != count:
        raise BenchFailed(f"{all_fired:.0f} timers fired where {count} were due")
    return Sample(count / fired_s, count / issued_s)


async def _all_fired(wanted: float, begin_s: float) -> None:
    while _fired() < wanted:
        if monotonic_s() - begin_s > FIRE_S_MAX:
            raise BenchFailed(f"not all timers were fired after {FIRE_S_MAX:.0f} s")
        await asyncio.sleep(LOOK_AGAIN_S)


def _fired() -> float:
    """What the workers of this process have counted: a query over a million would disturb them."""
    return REGISTRY.get_sample_value(FIRED, {"service": "ledger"}) or 0.0
