"""How long a single command takes while a file of thousands is done in the same process.

Beside what it may take: twice what it takes in a quiet process, and one batch.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from services.cli.bench.batch_rows import lines_of, send_batch
from services.cli.bench.http_load import Connection, Load, LoadRefused
from services.cli.bench.lines import Line, Sample, Say
from services.cli.bench.plan import BESIDE_IMPORT, Plan
from services.cli.bench.rows import GROWING, issue_of, open_books
from services.cli.bench.served import served, settled
from services.cli.bench.speeds import quantile, run_of
from services.cli.client.duebook import Duebook
from shared.platform.clock import monotonic_s, wall_now
from shared.platform.codec import to_json

BATCH_LINES: Final = 500  # lines of the one batch, the most a request takes
BATCHES: Final = 3  # of each round; their median counts
LOOK_AT: Final = 10  # commands between two looks whether the file is done
IMPORTS: Final = "/ledger/v1/imports"
NDJSON: Final = "application/x-ndjson"


async def measure(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """Measures one process with its workers, one command after the other. Raises BenchFailed."""
    today = wall_now().date()
    count = plan.size_of(BESIDE_IMPORT)
    samples: list[Sample] = []
    every_s: list[float] = []
    quiet_ms: list[float] = []
    say("starting a server in a fresh folder")
    async with served([*program, "bench-server"]) as url, Duebook(url) as duebook:
        await open_books(duebook, today, (GROWING,))
        load = await Load.open(url, 1)
        connection = await load.connect()
        try:
            for number in range(plan.rounds):
                say(f"round {number + 1} of {plan.rounds}")
                latencies_s, took_s = await load.run(issue_of(load, today), 201, plan.seconds)
                quiet_ms.append(run_of("quiet", latencies_s, took_s).p99_ms)
                await settled(duebook)
                batch_s = [await _batch_s(load, connection, today, duebook) for _ in range(BATCHES)]
                beside_s = await _beside_s(load, connection, today, count)
                await settled(duebook)
                every_s += beside_s
                allowed_ms = 2 * quiet_ms[-1] + 1000 * quantile(sorted(batch_s), 0.5)
                samples.append(Sample(1000 * quantile(sorted(beside_s), 0.99), allowed_ms))
        finally:
            connection.close()
            await load.close()
    return [_line(samples, sorted(every_s), sorted(quiet_ms), count)]


async def _batch_s(load: Load, connection: Connection, today: date, duebook: Duebook) -> float:
    """The seconds that one batch takes in a quiet process."""
    begin_s = monotonic_s()
    await send_batch(load, connection, lines_of(load, BATCH_LINES, today))
    took_s = monotonic_s() - begin_s
    await settled(duebook)
    return took_s


async def _beside_s(load: Load, connection: Connection, today: date, count: int) -> Sequence[float]:
    """The seconds that each command takes until the file is done."""
    lines = (to_json({"resource": "invoices", **line}) for line in lines_of(load, count, today))
    key = {"idempotency-key": f"file {load.next_number()}"}
    request = load.request("POST", IMPORTS, key, b"\n".join(lines), NDJSON)
    sent = msgspec.json.decode((await connection.ask(request, 202)).body)
    look = load.request("GET", f"{IMPORTS}/{sent['id']}", {})
    question = issue_of(load, today)
    took_s = array("d")
    while len(took_s) % LOOK_AT or not await _is_done(connection, look):
        begin_s = monotonic_s()
        await connection.ask(question(load.next_number()), 201)
        took_s.append(monotonic_s() - begin_s)
    return took_s


async def _is_done(connection: Connection, look: bytes) -> bool:
    """Raises LoadRefused where a line is refused."""
    shown = msgspec.json.decode((await connection.ask(look, 200)).body)
    if shown["refused"]:
        raise LoadRefused(f"{shown['refused']} lines of a file were refused")
    return bool(shown["status"] == "completed")


def _line(
    samples: Sequence[Sample], every_s: Sequence[float], quiet_ms: Sequence[float], count: int
) -> Line:
    return Line(
        name=f"{BESIDE_IMPORT}: POST invoice",
        unit="ms p99",
        beside=f"2 p99 when quiet, and a batch of {BATCH_LINES}",
        samples=samples,
        p50_ms=1000 * quantile(every_s, 0.50),
        p99_ms=1000 * quantile(every_s, 0.99),
        note=(
            f"{count:,} lines in each file, {len(every_s):,} commands beside them;"
            f" p99 when quiet {quantile(quiet_ms, 0.5):.1f} ms"
        ),
    )
