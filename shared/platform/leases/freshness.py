"""Reads from a service's database how old its answers are, whichever process makes them.

Workers say with every renewal of their leases how long ago their rows had seen the whole log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.platform.clock import monotonic_s
from shared.platform.database.pools import Database, driver
from shared.platform.leases.leases_sql import PRESENCE
from shared.platform.observability import metrics as meters

REMEMBERED_S: Final = 1.0  # seconds an age is not asked again; it grows meanwhile

# NULL while a partition has never been caught up with: nothing can be promised.
AGE: Final = """
SELECT worker, CASE WHEN bool_and(caught_up_at IS NOT NULL)
                    THEN extract(epoch FROM clock_timestamp() - min(caught_up_at))::float8 END
  FROM es_lease GROUP BY worker"""

OWNERS: Final = f"""
SELECT worker, owner, count(*) AS partitions FROM es_lease
 WHERE owner IS NOT NULL AND lease_until > clock_timestamp()
   AND NOT starts_with(worker, '{PRESENCE}')
 GROUP BY worker, owner"""

OUTBOX: Final = """
SELECT (SELECT count(*) FROM es_outbox) AS rows,
       (SELECT extract(epoch FROM clock_timestamp() - committed_at)::float8
          FROM es_outbox ORDER BY position LIMIT 1) AS oldest_s"""


class Ages:
    """Knows the age of the read models of one service. One per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, float | None] = {}
        self._asked_s = -REMEMBERED_S

    async def of(self, projections: Sequence[str]) -> float | None:
        """Tells how many seconds ago, at least, these had processed all that was on the log.

        None when that is not known. Growing means that the log or the workers are away.
        """
        if monotonic_s() - self._asked_s >= REMEMBERED_S:
            self._known = await read_ages(self._database)
            self._asked_s = monotonic_s()
        ages = [self._known.get(name) for name in projections]
        known = [age for age in ages if age is not None]
        if len(known) < len(ages):
            return None
        return max(known, default=0.0) + monotonic_s() - self._asked_s


async def read_ages(database: Database) -> dict[str, float | None]:
    """Worker -> seconds since it was known to stand at the end of all its topics."""
    async with database.engine.connect() as connection:
        rows = await (await driver(connection)).fetch(AGE)
    return {row[0]: row[1] for row in rows}


async def measure(service: str, database: Database, workers: Sequence[str]) -> None:
    """Measures into the metrics what any process can read of the whole service."""
    ages = await read_ages(database)
    async with database.engine.connect() as connection:
        raw = await driver(connection)
        outbox = await raw.fetchrow(OUTBOX)
        owners = await raw.fetch(OWNERS)
    assert outbox is not None  # Two scalars give one row.
    meters.OUTBOX_ROWS.labels(service).set(outbox["rows"])
    meters.OUTBOX_OLDEST.labels(service).set(outbox["oldest_s"] or 0.0)
    for worker in workers:
        age = ages.get(worker)
        meters.AGE.labels(service, worker).set(float("nan") if age is None else age)
    meters.forget(meters.OWNERS, service)
    for worker, owner, partitions in owners:
        meters.OWNERS.labels(service, worker, owner).set(partitions)
