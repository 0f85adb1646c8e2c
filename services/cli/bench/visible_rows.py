"""How long after its 201 an invoice is visible in a projection, while half of the load is on.

First the most that goes is measured, then half of that is asked for evenly. Beside it a few
invoices are issued, and each is read at once with the token of its 201: such a read answers when
the projection has passed it. Beside the 201 itself, in the same seconds. With brokers the log is
on Kafka, and a reader there says when it has each.
"""

from __future__ import annotations

import asyncio
import os
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import msgspec

from services.cli.bench.http_load import Connection, Load, LoadRefused
from services.cli.bench.lines import Line, Sample, Say
from services.cli.bench.plan import KAFKA, TOPIC_PREFIX, VISIBLE, Plan
from services.cli.bench.rows import GROWING, issue_of, open_books
from services.cli.bench.served import served, settled
from services.cli.bench.speeds import BenchFailed, quantile
from services.cli.client.duebook import Duebook
from shared.kernel.ids import PARTITIONS
from shared.platform.clock import monotonic_s, wall_now
from shared.platform.hosting.chosen_log import open_log
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.port import EventLog, LogReader, TopicPartition
from shared.platform.service import Topics

SHARE: Final = 0.5  # Of the most that goes.
PROBES: Final = 4  # Connections that issue and read.
PAUSE_S: Final = 0.05  # after each of their reads, so that they are no load themselves
WAIT_S: Final = 10  # a read waits for its token
RECORDS_MAX: Final = 2_000  # of one look at the log
LOOK_S: Final = 1.0  # a look at the log waits for records
LATE_S_MAX: Final = 60.0  # until the last record must be readable
STREAM: Final = "ce_streamid"


@dataclass
class Probed:
    """What the probes of one round saw, in seconds."""

    answered_s: array[float] = field(default_factory=lambda: array("d"))  # Of the 201.
    visible_s: array[float] = field(default_factory=lambda: array("d"))  # After the 201.
    at_s: dict[str, float] = field(default_factory=dict)  # Invoice -> when its 201 came.


class LogWatch:
    """Reads a topic on and on, and remembers when each stream's first record came."""

    def __init__(self, reader: LogReader, topic: str) -> None:
        self._reader = reader
        self._positions = {TopicPartition(topic, n): 0 for n in range(PARTITIONS)}
        self.at_s: dict[str, float] = {}

    async def run(self) -> None:
        """Reads until it is cancelled."""
        while True:  # Until cancelled.
            found = await self._reader.fetch(self._positions, RECORDS_MAX, LOOK_S)
            now_s = monotonic_s()
            for at, records in found.items():
                self._positions[at] = records[-1].offset + 1
                for record in records:
                    self.at_s.setdefault(record.headers[STREAM].decode(), now_s)

    async def readable_s(self, wanted: dict[str, float]) -> Sequence[float]:
        """How long after its 201 each invoice was readable. Raises BenchFailed."""
        begin_s = monotonic_s()
        while not wanted.keys() <= self.at_s.keys():
            if monotonic_s() - begin_s > LATE_S_MAX:
                raise BenchFailed(f"not all records were on the log after {LATE_S_MAX:.0f} s")
            await asyncio.sleep(PAUSE_S)
        # One that was there before its 201 was did not keep anybody waiting.
        return [max(0.0, self.at_s[stream] - at_s) for stream, at_s in wanted.items()]


async def measure(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """Measures one process with its workers. Raises BenchFailed."""
    command, prefix = [*program, "bench-server"], ""
    if plan.kafka:
        prefix = f"bench.{os.getpid()}."
        command += [KAFKA, plan.kafka, TOPIC_PREFIX, prefix]
    say("starting a server in a fresh folder")
    today = wall_now().date()
    async with served(command) as url, Duebook(url) as duebook:
        await open_books(duebook, today, (GROWING,))
        load = await Load.open(url, plan.connections)
        try:
            if not plan.kafka:
                return await _rounds(load, duebook, plan, today, say, None)
            async with _watching(plan.kafka, prefix) as watch:
                return await _rounds(load, duebook, plan, today, say, watch)
        finally:
            await load.close()


@asynccontextmanager
async def _watching(brokers: str, prefix: str) -> AsyncIterator[LogWatch]:
    log: EventLog = open_log(PlatformSettings(kafka=brokers, topic_prefix=prefix))
    reader = log.reader("bench")
    watch = LogWatch(reader, Topics(prefix).events_of("ledger"))
    running = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        running.cancel()
        await asyncio.wait({running})
        await reader.close()
        await log.close()
        if not running.cancelled():
            running.result()  # Raises what kept it from reading.


async def _rounds(
    load: Load, duebook: Duebook, plan: Plan, today: date, say: Say, watch: LogWatch | None
) -> Sequence[Line]:
    question = issue_of(load, today)
    visible: list[tuple[Sequence[float], Sequence[float]]] = []
    readable: list[tuple[Sequence[float], Sequence[float]]] = []
    rates: list[float] = []
    for number in range(plan.rounds):
        say(f"round {number + 1} of {plan.rounds}")
        answers, took_s = await load.run(question, 201, plan.seconds)
        await settled(duebook)
        rates.append(SHARE * len(answers) / took_s)
        probed = await _probed(load, today, plan.seconds, rates[-1])
        visible.append((probed.visible_s, probed.answered_s))
        if watch is not None:
            readable.append((await watch.readable_s(probed.at_s), probed.answered_s))
        await settled(duebook)
    said = f"{len(visible[-1][0])} of each round, while {rates[-1]:,.0f} a second are issued"
    lines = [_line("in a projection", visible, said)]
    return [*lines, _line("on Kafka", readable, said)] if readable else lines


async def _probed(load: Load, today: date, seconds: float, per_second: float) -> Probed:
    probed = Probed()
    connections = [await load.connect() for _ in range(PROBES)]
    end_s = monotonic_s() + seconds
    try:
        await asyncio.gather(
            load.run(issue_of(load, today), 201, seconds, per_second),
            *(_probe(load, connection, today, end_s, probed) for connection in connections),
        )
    finally:
        for connection in connections:
            connection.close()
    if not probed.visible_s:
        raise LoadRefused("no invoice was issued and read in the time of a round")
    return probed


async def _probe(
    load: Load, connection: Connection, today: date, end_s: float, probed: Probed
) -> None:
    question = issue_of(load, today)
    while (begin_s := monotonic_s()) < end_s:
        answer = await connection.ask(question(load.next_number()), 201)
        issued_s = monotonic_s()
        invoice = str(msgspec.json.decode(answer.body)["id"])
        token = answer.header("consistency-token")
        if token is None:
            raise LoadRefused("an invoice was issued without a token")
        headers = {"consistency-token": token, "prefer": f"wait={WAIT_S}"}
        path = f"/ledger/v1/invoices/{invoice}"
        await connection.ask(load.request("GET", path, headers), 200)
        probed.visible_s.append(monotonic_s() - issued_s)
        probed.answered_s.append(issued_s - begin_s)
        probed.at_s[invoice] = issued_s
        await asyncio.sleep(PAUSE_S)


def _line(where: str, rounds: Sequence[tuple[Sequence[float], Sequence[float]]], said: str) -> Line:
    """The line of the slowest: p99 of each round, in ms."""
    every = sorted(one for seen_s, _ in rounds for one in seen_s)
    return Line(
        name=f"{VISIBLE}: {where} after its 201",
        unit="ms p99",
        beside="the 201 itself",
        samples=[Sample(_p99_ms(seen_s), _p99_ms(base_s)) for seen_s, base_s in rounds],
        p50_ms=1000 * quantile(every, 0.50),
        p99_ms=1000 * quantile(every, 0.99),
        note=said,
    )


def _p99_ms(seconds: Sequence[float]) -> float:
    return 1000 * quantile(sorted(seconds), 0.99)
