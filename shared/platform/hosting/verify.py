"""Checks that everything derived is what follows from the events. Reads, changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from shared.kernel.decider import Armed
from shared.platform.database.pools import Database, driver
from shared.platform.log.port import EventLog
from shared.platform.projector.port import Difference
from shared.platform.projector.verify import Fold, Stored, compare, judge, read_stored
from shared.platform.service import Service, Topics
from shared.platform.store.verify import refold
from shared.platform.subscription.decoding import EventDecoder
from shared.platform.subscription.work_status import read_halted, read_parked
from shared.platform.timers.verify import compare_timers

SNAPSHOT_TABLE: Final = "es_snapshot"
TIMER_TABLE: Final = "es_timer"
CURSOR_TABLE: Final = "es_cursor"
PARKED_TABLE: Final = "es_parked_stream"


async def verify(
    service: Service,
    *,
    database: Database,
    log: EventLog,
    topics: Topics,
    tenants: Collection[UUID],
) -> Sequence[Difference]:
    """Compares every projection with a new fold of the log, and timers with the folded streams.

    So it does with the snapshots that a load would use.

    What the service's checks say of the events themselves differs too.

    A partition that halted differs too: its rows follow from the events up to where it stands, and
    it should not stand. So does a parked stream: what follows from its events is missing.

    All stored rows are of one snapshot, so the service may be at work meanwhile.
    """
    stored: list[Stored] = []
    differences: list[Difference] = []
    async with database.bound(tenants, snapshot=True) as connection:
        raw = await driver(connection)
        for projection in service.projections:
            records = [topics.events_of(name) for name in projection.subscribes_to]
            stored.append(await read_stored(raw, projection, records))
        refolded = await refold(raw, service.codec(), service.aggregates)
        differences += [
            Difference(SNAPSHOT_TABLE, str(each.stream_id), "data", each.stored, each.expected)
            for each in refolded.snapshots
        ]
        for stream, name, there, wanted in await compare_timers(raw, refolded.timers):
            key = f"{stream}/{name}"
            differences.append(Difference(TIMER_TABLE, key, "", _armed(there), _armed(wanted)))
        for one in await read_halted(raw):
            key = f"{one.worker} {one.topic}/{one.partition}"
            differences.append(
                Difference(CURSOR_TABLE, key, "state", f"halted ({one.error})", "running")
            )
        for parked in await read_parked(raw):
            key = f"{parked.worker} {parked.topic}/{parked.partition} {parked.stream_id}"
            stored_error = f"parked ({parked.error})"
            differences.append(Difference(PARKED_TABLE, key, "", stored_error, "none"))
    decoder = EventDecoder(service.codec())
    for each in stored:
        fold = Fold(each.projection, decoder)
        await fold.run(log, each.upto)
        differences += compare(each.projection, each.rows, fold.rows())
    for make in service.checks:
        check = make()
        records = [topics.events_of(name) for name in check.subscribes_to]
        differences += await judge(check, log, decoder, records)
    return differences


def _armed(timer: Armed | None) -> str:
    return (
        "none" if timer is None else f"due {timer.due_at.isoformat()} since {timer.since_version}"
    )
