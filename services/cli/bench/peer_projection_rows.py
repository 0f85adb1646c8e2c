"""Our projections of a backlog, beside the `eventsourcing` library's ProjectionRunner.

Ours of all kinds of events, one projection alone and all together; the library's of as many
invoices into one table. Both once they have begun, until the last event is in its rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.cli.bench.backlog_rows import ALL, consume, publish, write_backlog
from services.cli.bench.databases import Databases, as_served, databases, projections_of
from services.cli.bench.lines import Line, Sample, Say
from services.cli.bench.peers import PEER, library, not_installed
from services.cli.bench.plan import PEER_PROJECTION, Plan
from services.cli.installed import RUNTIMES

SAVED: Final = "saved"  # Kept under this name: its events, before anything has read them.
ONE: Final = "invoices"  # Of ours what is most like the library's: a row for each invoice.


async def measure(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """Measures both in turn, in this process. Raises BenchFailed."""
    peer = library()
    if peer is None:
        return [not_installed(PEER_PROJECTION)]
    rounds: list[Mapping[str, float]] = []
    async with databases("ledger") as kept:
        with as_served() as begin:
            say("writing a backlog, and one for the library")
            events = await write_backlog(kept, plan.size_of(PEER_PROJECTION))
            await publish(kept)
            await _save(kept, peer, events)
            names = projections_of(kept.settings, RUNTIMES["ledger"])
            for number in range(plan.rounds):
                begin()
                say(f"round {number + 1} of {plan.rounds}")
                rounds.append(await _round(kept, peer, events, names))
    return [
        Line(
            name=f"{PEER_PROJECTION}: {name}",
            unit="events/s",
            beside="the library's ProjectionRunner",
            samples=[Sample(events / each[name], events / each[PEER]) for each in rounds],
            note=f"{events:,} events" if name == ONE else "",
        )
        for name in (ONE, ALL)
    ]


async def _save(kept: Databases, peer: Any, events: int) -> None:
    await kept.empty(PEER)
    with peer.saving(kept.settings.database_url_of(PEER)) as save:
        await asyncio.to_thread(save, lambda number: number < events)
    await kept.keep(PEER, SAVED)


async def _round(
    kept: Databases, peer: Any, events: int, names: Sequence[str]
) -> Mapping[str, float]:
    one_s = await consume(kept, ONE)
    await kept.begin(PEER, SAVED)
    url = kept.settings.database_url_of(PEER)
    peer_s = await asyncio.to_thread(peer.projected_s, url, events)
    return {ONE: one_s, PEER: peer_s, ALL: await consume(kept, *names)}
