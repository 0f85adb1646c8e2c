"""Our POST /invoices over HTTP, beside the `eventsourcing` library's save in this process.

Ours reads, checks, decides and answers a request, with idempotency key, outbox and timers; the
library saves an event from memory, in its best configuration.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from services.cli.bench.databases import Databases, databases
from services.cli.bench.http_load import Load, Question
from services.cli.bench.lines import Line, Sample, Say
from services.cli.bench.peers import PEER, library, not_installed
from services.cli.bench.plan import APART, PEER_SAVE, WITHOUT_WORKERS, Plan
from services.cli.bench.rows import GROWING, issue_of, open_books
from services.cli.bench.served import served
from services.cli.client.duebook import Duebook
from shared.platform.clock import monotonic_s, wall_now


async def measure(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """Measures both in turn. Raises BenchFailed."""
    peer = library()
    if peer is None:
        return [not_installed(PEER_SAVE)]
    today = wall_now().date()
    say("starting a server in a fresh folder, and one for the library")
    async with databases("ledger") as kept:
        await kept.empty(PEER)
        async with served([*program, "bench-server", WITHOUT_WORKERS]) as url:
            async with Duebook(url) as duebook:
                await open_books(duebook, today, (GROWING,))
            load = await Load.open(url, plan.connections)
            try:
                samples = await _rounds(load, issue_of(load, today), kept, peer, plan, say)
            finally:
                await load.close()
    return [
        Line(
            name=f"{PEER_SAVE}: {APART}",
            unit="/s",
            beside=f"the library's save, {peer.THREADS} threads",
            samples=samples,
        )
    ]


async def _rounds(
    load: Load, question: Question, kept: Databases, peer: Any, plan: Plan, say: Say
) -> Sequence[Sample]:
    samples: list[Sample] = []
    with peer.saving(kept.settings.database_url_of(PEER)) as save:
        for number in range(plan.rounds + 1):
            say(f"round {number} of {plan.rounds}" if number else "warming up")
            answers, took_s = await load.run(question, 201, plan.seconds)
            begin_s = monotonic_s()
            end_s = begin_s + plan.seconds
            saved = await asyncio.to_thread(save, lambda n, end_s=end_s: monotonic_s() < end_s)
            peer_s = saved / (monotonic_s() - begin_s)
            if number:
                samples.append(Sample(len(answers) / took_s, peer_s))
    return samples
