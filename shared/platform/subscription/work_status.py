"""Reads what waits in a service from its database and the log: any process can be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import asyncpg

from shared.kernel.ids import PARTITIONS
from shared.platform.database.pools import Database, driver
from shared.platform.leases.leases import Worker
from shared.platform.log.port import EventLog
from shared.platform.observability import metrics as meters

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

# One row per worker and topic, and one without a worker where there are none. Timers are asked by
# partition, as their index has them: without it each look would read all that wait.
STORED: Final = """
SELECT w.timers_due, w.next_timer_at, w.outbox, w.has_parked, c.*
  FROM (SELECT (sum(due))::bigint AS timers_due, min(next_at) AS next_timer_at,
               (SELECT count(*) FROM es_outbox) AS outbox,
               EXISTS (SELECT FROM es_parked_stream) AS has_parked
          FROM unnest($3::smallint[]) p CROSS JOIN LATERAL (
            SELECT (SELECT count(*) FROM es_timer
                     WHERE partition_no = p AND due_at <= $1) AS due,
                   (SELECT due_at FROM es_timer
                     WHERE partition_no = p ORDER BY due_at LIMIT 1) AS next_at) t) w
  LEFT JOIN (SELECT worker, topic, array_agg(partition_no) AS partitions,
                    array_agg(next_offset) AS offsets, array_agg(state) AS states,
                    array_agg(error) AS errors
               FROM es_cursor WHERE worker = ANY($2::text[]) GROUP BY worker, topic) c ON true"""

HALTED: Final = """
SELECT worker, topic, partition_no, error FROM es_cursor
 WHERE state = 'halted' ORDER BY worker, topic, partition_no"""

PARKED: Final = """
SELECT worker, topic, partition_no, stream_id, first_offset, error, parked_at, retry_wanted
  FROM es_parked_stream ORDER BY worker, topic, partition_no, first_offset"""

# Whoever owns the partition sees it.
WANT_RETRY: Final = "UPDATE es_parked_stream SET retry_wanted = true WHERE stream_id = $1"

Ends = Mapping[str, Sequence[int]]  # topic -> the next offset of each partition


@dataclass(frozen=True, slots=True)
class Halted:
    """A partition that stands still because of an event its worker cannot take."""

    worker: str
    topic: str
    partition: int
    error: str


@dataclass(frozen=True, slots=True)
class Parked:
    """A stream that is passed over from an event on that its worker cannot take."""

    worker: str
    topic: str
    partition: int
    stream_id: UUID
    first_offset: int  # Where what waits of it begins.
    error: str
    parked_at: datetime  # Wall clock.
    retry_wanted: bool  # Somebody asked for it, and nobody has done it yet.


@dataclass(frozen=True, slots=True)
class WorkStatus:
    """What waits in this service."""

    now: datetime  # Domain clock.
    timers_due: int
    next_timer_at: datetime | None  # The earliest of all, due or not.
    outbox: int
    in_flight: int  # Works the writer of this process has not answered.
    lags: Mapping[str, int]  # Worker -> records it has not consumed.
    end_offsets: Ends  # Of the own topic and those read.
    halted: Sequence[Halted]
    parked: Sequence[Parked]  # The others do not wait for them: all can be settled.

    @property
    def lag(self) -> int:
        """Records that workers have not consumed, over all of them."""
        return sum(self.lags.values())

    @property
    def is_settled(self) -> bool:
        """Nothing left to do, at this instant and as far as this service knows."""
        return not (self.timers_due or self.outbox or self.in_flight or self.lag or self.halted)


async def read_halted(connection: Driver) -> Sequence[Halted]:
    """What stands still, whatever process owns it."""
    rows = await connection.fetch(HALTED)
    return [
        Halted(row["worker"], row["topic"], row["partition_no"], row["error"] or "") for row in rows
    ]


async def read_parked(connection: Driver) -> Sequence[Parked]:
    """What is passed over, whatever process owns it."""
    rows = await connection.fetch(PARKED)
    return [Parked(*row.values()) for row in rows]


async def want_retry(connection: Driver, stream: UUID) -> Sequence[Parked]:
    """Asks whoever owns its partition to retry a parked stream; tells by which workers it is."""
    await connection.execute(WANT_RETRY, stream)
    return [one for one in await read_parked(connection) if one.stream_id == stream]


async def read_status(
    database: Database,
    log: EventLog,
    *,
    now: datetime,
    in_flight: int,
    workers: Sequence[Worker],
    topics: Sequence[str],
    known_ends: Ends | None = None,
) -> WorkStatus:
    """Reads the status, the log's ends last: what was there by then had to be consumed.

    Ends only grow. Where something is left to do by `known_ends` the log is not asked again.
    """
    async with database.engine.connect() as connection:
        raw = await driver(connection)  # Asked often while a clock is driven; no transaction.
        names = [worker.name for worker in workers]
        rows = await raw.fetch(STORED, now, names, range(PARTITIONS))
        parked = await read_parked(raw) if rows[0]["has_parked"] else ()
    cursors = {(row["worker"], row["topic"]): row for row in rows if row["worker"] is not None}
    found = WorkStatus(
        now=now,
        timers_due=rows[0]["timers_due"],
        next_timer_at=rows[0]["next_timer_at"],
        outbox=rows[0]["outbox"],
        in_flight=in_flight,
        lags=_lags(cursors, workers, known_ends or {}),
        end_offsets=known_ends or {},
        halted=[
            Halted(worker, topic, partition, error or "")
            for (worker, topic), row in sorted(cursors.items())
            for partition, state, error in zip(
                row["partitions"], row["states"], row["errors"], strict=True
            )
            if state == "halted"
        ],
        parked=parked,
    )
    if known_ends is not None and not found.is_settled:
        return found
    ends = await log.ends(topics)
    return replace(found, lags=_lags(cursors, workers, ends), end_offsets=ends)


def show(service: str, workers: Sequence[Worker], status: WorkStatus | None) -> None:
    """Sets the metrics of workers; to nothing known where the status is not."""
    for name in (worker.name for worker in workers):
        lag = halted = parked = float("nan")
        if status is not None:
            lag = status.lags[name]
            halted = sum(one.worker == name for one in status.halted)
            parked = sum(one.worker == name for one in status.parked)
        meters.LAG.labels(service, name).set(lag)
        meters.HALTED.labels(service, name).set(halted)
        meters.PARKED.labels(service, name).set(parked)


def _lags(
    cursors: Mapping[tuple[str, str], asyncpg.Record], workers: Sequence[Worker], ends: Ends
) -> Mapping[str, int]:
    """Records not consumed, by worker."""
    lags = dict.fromkeys((worker.name for worker in workers), 0)
    for worker in workers:
        for topic in worker.topics:
            row = cursors.get((worker.name, topic))
            at = dict(zip(row["partitions"], row["offsets"], strict=True)) if row else {}
            behind = (max(0, end - at.get(n, 0)) for n, end in enumerate(ends.get(topic, ())))
            lags[worker.name] += sum(behind)
    return lags
