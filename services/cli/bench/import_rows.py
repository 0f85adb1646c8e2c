"""How many lines of settled invoices `duebook import ledger` enters in a second, until durable.

The command runs as an operator runs it, its start included, against a ledger with its workers.
Beside the echo of an invoice of that process, as the requests are.
"""

from __future__ import annotations

import asyncio
import csv
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from services.cli.bench.http_load import Load
from services.cli.bench.lines import Line, Sample, Say
from services.cli.bench.plan import ECHO, IMPORT, Plan
from services.cli.bench.rows import ACCOUNTS, echo_of
from services.cli.bench.served import served, settled, without_settings
from services.cli.bench.speeds import BenchFailed
from services.cli.client.duebook import Duebook
from shared.platform.clock import monotonic_s, wall_now

FIRST_DAY: Final = date(2025, 1, 6)  # On which the first invoice was issued.
DAYS: Final = 300  # Over which the invoices are spread.
COLUMNS: Final = ("customer", "number", "issued", "amount", "settled")
MAP: Final = """\
date_format = "YYYY-MM-DD"
currency = "CNY"
[legal_entity]
code = "IMPORTED"
name = "Imported"
time_zone = "UTC"
currency = "CNY"
[columns]
account = "customer"
number = "number"
issued_on = "issued"
amount = "amount"
settled_on = "settled"
[terms]
net_days = 30
[payment]
method = "transfer"
"""


async def measure(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """Measures one process with its workers, and the command as another. Raises BenchFailed."""
    count = plan.size_of(IMPORT)
    samples: list[Sample] = []
    say("starting a server in a fresh folder")
    async with served([*program, "bench-server"]) as url, Duebook(url) as duebook:
        load = await Load.open(url, plan.connections)
        try:
            with TemporaryDirectory(prefix="duebook-import-") as folder:
                for number in range(plan.rounds):
                    say(f"round {number + 1} of {plan.rounds}")
                    file = write_lines(Path(folder), number, count)
                    echoes, took_s = await load.run(
                        echo_of(load, wall_now().date()), 200, plan.seconds
                    )
                    lines_s = count / await _import(program, file, url)
                    samples.append(Sample(lines_s, len(echoes) / took_s))
                    await settled(duebook)
        finally:
            await load.close()
    return [
        Line(
            name=f"{IMPORT}: settled invoices",
            unit="lines/s",
            beside=ECHO,
            beside_unit="/s",
            samples=samples,
            note=f"{count:,} lines in each round",
        )
    ]


def write_lines(folder: Path, number: int, count: int) -> Path:
    """Writes a ledger of settled invoices, and its map beside it."""
    (folder / "map.toml").write_text(MAP, "utf-8")
    file = folder / f"ledger-{number}.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        lines = csv.writer(text)
        lines.writerow(COLUMNS)
        for nth in range(count):
            issued_on = FIRST_DAY + timedelta(days=nth * DAYS // count)
            settled_on = issued_on + timedelta(days=20 + nth % 25)
            customer, amount = f"C-{nth % ACCOUNTS}", f"{100 + nth % 900}.50"
            lines.writerow((customer, f"I-{number}-{nth}", issued_on, amount, settled_on))
    return file


async def _import(program: Sequence[str], file: Path, url: str) -> float:
    """The seconds until the command has ended; what it has entered is durable then."""
    begin_s = monotonic_s()
    asked = ("import", "ledger", str(file), "--map", str(file.with_name("map.toml")))
    process = await asyncio.create_subprocess_exec(
        *program, *asked, "--url", url, stdout=DEVNULL, stderr=PIPE, env=without_settings()
    )
    _, said = await process.communicate()
    if process.returncode:
        raise BenchFailed(f"the import ended with {process.returncode}: {said.decode()[-500:]}")
    return monotonic_s() - begin_s
