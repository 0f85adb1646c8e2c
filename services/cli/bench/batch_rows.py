"""How many invoices a second come in batches of a hundred, beside the echo of one.

Without workers in the process. A line that is refused ends it: the answer of a batch is 207
whatever became of its lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Final

from services.cli.bench.http_load import Connection, Load, LoadRefused
from services.cli.bench.lines import Line, Sample, Say
from services.cli.bench.plan import ECHO, WITHOUT_WORKERS, Plan
from services.cli.bench.rows import GROWING, echo_of, invoice_of, open_books
from services.cli.bench.served import served
from services.cli.client.duebook import Duebook, Json
from shared.platform.clock import monotonic_s, wall_now
from shared.platform.codec import to_json

LINES: Final = 100  # of one batch
CONNECTIONS: Final = 4  # at once, so that a batch waits while another is decided


async def measure(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """Measures the echo and the batches in turn. Raises BenchFailed."""
    today = wall_now().date()
    samples: list[Sample] = []
    say("starting a server in a fresh folder")
    async with served([*program, "bench-server", WITHOUT_WORKERS]) as url:
        async with Duebook(url) as duebook:
            await open_books(duebook, today, (GROWING,))
        load = await Load.open(url, plan.connections)
        connections = [await load.connect() for _ in range(CONNECTIONS)]
        try:
            for number in range(plan.rounds + 1):
                say(f"round {number} of {plan.rounds}" if number else "warming up")
                echoes, took_s = await load.run(echo_of(load, today), 200, plan.seconds)
                lines_s = await _lines_s(load, connections, today, plan.seconds)
                if number:
                    samples.append(Sample(lines_s, len(echoes) / took_s))
        finally:
            for connection in connections:
                connection.close()
            await load.close()
    return [
        Line(
            name=f"POST invoices:batch of {LINES}",
            unit="lines/s",
            beside=ECHO,
            beside_unit="/s",
            samples=samples,
            note=f"{CONNECTIONS} connections, workers apart",
        )
    ]


async def _lines_s(
    load: Load, connections: Sequence[Connection], today: date, seconds: float
) -> float:
    begin_s = monotonic_s()
    counts = await asyncio.gather(
        *(_send(load, each, today, begin_s + seconds) for each in connections)
    )
    return sum(counts) / (monotonic_s() - begin_s)


async def _send(load: Load, connection: Connection, today: date, end_s: float) -> int:
    """Sends batches until then, and gives how many lines were done."""
    done = 0
    while monotonic_s() < end_s:
        await send_batch(load, connection, lines_of(load, LINES, today))
        done += LINES
    return done


def lines_of(load: Load, count: int, today: date) -> Sequence[Json]:
    """Lines of a batch that issue as many further invoices."""
    numbers = [load.next_number() for _ in range(count)]
    return [
        {"idempotency_key": f"line {n}", "body": invoice_of(GROWING, n, today)} for n in numbers
    ]


async def send_batch(load: Load, connection: Connection, lines: Sequence[Json]) -> None:
    """Sends the lines in one request. Raises LoadRefused where one of them is."""
    body = to_json({"items": lines})
    request = load.request("POST", "/ledger/v1/invoices:batch", {}, body)
    reply = await connection.ask(request, 207)
    if b'"problem"' in reply.body:
        raise LoadRefused(reply.body.decode("utf-8", "replace"))
