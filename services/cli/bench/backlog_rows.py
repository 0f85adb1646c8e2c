"""How fast ledger works off a backlog: the relay, each projection alone, all of them together.

Beside a COPY of as many events into a table with a key: no reader of a log can be faster than
PostgreSQL takes the rows, so the ratio says what order, fences and read models cost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from services.cli.bench.databases import (
    FILLING,
    WORKING,
    Databases,
    as_served,
    databases,
    done,
    only,
    projections_of,
    running,
)
from services.cli.bench.ledger_book import LedgerBook
from services.cli.bench.lines import Line, Sample, Say
from services.cli.bench.plan import BACKLOG, Plan
from services.cli.bench.speeds import BenchFailed
from services.cli.installed import RUNTIMES
from shared.kernel.ids import PARTITIONS
from shared.platform.clock import monotonic_s, wall_now
from shared.platform.hosting.settings import LOG_DATABASE

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

RELAY: Final = "relay"
ALL: Final = "all projections"
COPY: Final = "COPY of the events"
FULL: Final = "full"  # Kept under this name: the database whose outbox holds all.
READ: Final = "read"  # The one whose outbox is empty, while no projection has read the log.
START_S_MAX: Final = 60.0  # until workers have their leases and wait for the lock
LOOK_AGAIN_S: Final = 0.02  # between two looks whether they have
# Beside the projections' the relay and the timers have leases.
LEASES: Final = "SELECT count(*) FROM es_lease WHERE owner IS NOT NULL AND worker NOT LIKE '%:%'"
WAITING: Final = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'"
COLUMNS: Final = (
    *("stream_id", "version", "event_id", "type", "account_id", "recorded_at", "data", "headers"),
)


class Held(NamedTuple):
    """What is locked until the workers are ready: where they read."""

    database: str
    table: str


async def measure(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """Measures a backlog of events in this process. Raises BenchFailed."""
    rounds: list[Mapping[str, float]] = []
    async with databases("ledger") as kept:
        with as_served() as begin:
            say("writing a backlog")
            events = await write_backlog(kept, plan.size_of(BACKLOG))
            names = projections_of(kept.settings, RUNTIMES["ledger"])
            for number in range(plan.rounds):
                begin()
                say(f"round {number + 1} of {plan.rounds}")
                rounds.append(await _round(kept, names))
    return [
        Line(
            name=f"{BACKLOG}: {name}" if name in (RELAY, ALL) else f"{BACKLOG}: projection {name}",
            unit="events/s",
            beside=COPY,
            samples=[Sample(events / each[name], events / each[COPY]) for each in rounds],
            note=f"{events:,} events" if name == RELAY else "",
        )
        for name in (RELAY, *names, ALL)
    ]


async def write_backlog(kept: Databases, events: int) -> int:
    """Writes a backlog that no relay has seen, and keeps it. Gives how many events it has."""
    async with running(kept.settings, RUNTIMES["ledger"], FILLING) as host:
        book = await LedgerBook.open(host, kept.settings.tenant_id, wall_now())
        await book.write_backlog(events)
        found = (await host.workers.status()).outbox
    await kept.keep("ledger", FULL)
    return found


async def publish(kept: Databases) -> float:
    """Relays the backlog to an empty log, and keeps what is left. Gives the seconds."""
    await kept.begin("ledger", FULL)
    await kept.empty(LOG_DATABASE)
    took_s = await _seconds(kept, Held("ledger", "es_outbox"))
    await kept.keep("ledger", READ)
    return took_s


async def consume(kept: Databases, *names: str) -> float:
    """Lets these projections read the whole log. Gives the seconds."""
    await kept.begin("ledger", READ)
    return await _seconds(kept, Held(LOG_DATABASE, "log_record"), *names)


async def _round(kept: Databases, names: Sequence[str]) -> Mapping[str, float]:
    took_s = {RELAY: await publish(kept), COPY: await _copy(kept)}
    for name in names:
        took_s[name] = await consume(kept, name)
    took_s[ALL] = await consume(kept, *names)
    return took_s


async def _seconds(kept: Databases, held: Held, *names: str) -> float:
    """From when the workers, with all their leases, get at the backlog, to its last event.

    Until then what they read is locked: a start would count for half of a short backlog.
    """
    async with kept.connected(held.database) as holder:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute(f"LOCK TABLE {held.table} IN ACCESS EXCLUSIVE MODE")
        async with running(kept.settings, only(RUNTIMES["ledger"], *names), WORKING) as host:
            await _until(kept, LEASES, "ledger", (len(names) + 2) * PARTITIONS)
            await _until(kept, WAITING, held.database, 1)
            begin_s = monotonic_s()
            await transaction.rollback()
            await done(host)
            return monotonic_s() - begin_s


async def _until(kept: Databases, query: str, database: str, wanted: int) -> None:
    begin_s = monotonic_s()
    async with kept.connected(database) as connection:
        while await connection.fetchval(query) < wanted:
            if monotonic_s() - begin_s > START_S_MAX:
                raise BenchFailed(f"the workers were not ready after {START_S_MAX:.0f} s")
            await asyncio.sleep(LOOK_AGAIN_S)


async def _copy(kept: Databases) -> float:
    async with kept.connected("ledger") as connection:
        rows = await _events(connection)
        await connection.execute(
            f"CREATE TABLE copied AS SELECT {', '.join(COLUMNS)} FROM es_event WHERE false"
        )
        await connection.execute("ALTER TABLE copied ADD PRIMARY KEY (stream_id, version)")
        begin_s = monotonic_s()
        await connection.copy_records_to_table("copied", records=rows, columns=COLUMNS)
        return monotonic_s() - begin_s


async def _events(connection: Driver) -> Sequence[tuple[object, ...]]:
    found = await connection.fetch(f"SELECT {', '.join(COLUMNS)} FROM es_event ORDER BY position")
    return [tuple(row) for row in found]
