"""What waits in a service, read from its database and the log, so that any process can be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.platform.database import Database, driver
from shared.platform.log.port import EventLog
from shared.platform.outbox.leases import Worker

TIMERS_AND_OUTBOX: Final = """
SELECT (SELECT count(*) FROM es_timer WHERE due_at <= $1) AS timers_due,
       (SELECT min(due_at) FROM es_timer) AS next_timer_at,
       (SELECT count(*) FROM es_outbox) AS outbox"""

CURSORS: Final = """
SELECT worker, topic, partition_no, next_offset, state, error FROM es_cursor
 WHERE worker = ANY($1::text[])"""


@dataclass(frozen=True, slots=True)
class Halted:
    """A partition that stands still because of an event its worker cannot take."""

    worker: str
    topic: str
    partition: int
    error: str


@dataclass(frozen=True, slots=True)
class WorkStatus:
    """What waits in this service."""

    now: datetime  # Domain clock.
    timers_due: int
    next_timer_at: datetime | None  # The earliest of all, due or not.
    outbox: int
    in_flight: int  # Works the writer of this process has not answered.
    lags: Mapping[str, int]  # Worker -> records it has not consumed.
    end_offsets: Mapping[str, Sequence[int]]  # Of the own topic and those heard.
    halted: Sequence[Halted]

    @property
    def lag(self) -> int:
        """Records that workers have not consumed, over all of them."""
        return sum(self.lags.values())

    @property
    def is_settled(self) -> bool:
        """Nothing left to do, at this instant and as far as this service knows."""
        return not (self.timers_due or self.outbox or self.in_flight or self.lag or self.halted)


async def read_status(
    database: Database,
    log: EventLog,
    *,
    now: datetime,
    in_flight: int,
    workers: Sequence[Worker],
    topics: Sequence[str],
) -> WorkStatus:
    """The ends are read last: what the log had got by then must have been consumed before."""
    async with database.engine.connect() as connection:
        raw = await driver(connection)  # Asked often while a clock is driven; no transaction.
        waiting = await raw.fetchrow(TIMERS_AND_OUTBOX, now)
        assert waiting is not None  # Three scalars give one row.
        rows = await raw.fetch(CURSORS, [worker.name for worker in workers])
    ends = {topic: await log.end_offsets(topic) for topic in topics}
    cursors = {
        (row["worker"], row["topic"], row["partition_no"]): row["next_offset"] for row in rows
    }
    lags = {
        worker.name: sum(
            max(0, end - cursors.get((worker.name, topic, partition), 0))
            for topic in worker.topics
            for partition, end in enumerate(ends[topic])
        )
        for worker in workers
    }
    return WorkStatus(
        now=now,
        timers_due=waiting["timers_due"],
        next_timer_at=waiting["next_timer_at"],
        outbox=waiting["outbox"],
        in_flight=in_flight,
        lags=lags,
        end_offsets=ends,
        halted=[
            Halted(row["worker"], row["topic"], row["partition_no"], row["error"] or "")
            for row in rows
            if row["state"] == "halted"
        ],
    )
