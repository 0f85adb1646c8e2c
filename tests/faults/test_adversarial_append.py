"""Two processes write at each other while both relay and somebody cuts their connections."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
import pytest

from shared.platform.database.pools import Database
from shared.platform.log.port import LogRecord, TopicPartition
from shared.platform.log.postgres import PostgresLog
from shared.platform.store.postgres import PostgresStore
from shared.platform.store.schema import platform_statements, private_table
from shared.platform.store.writer import Writer
from tests.support.adversary import (
    COINS,
    TOPICS,
    WALLETS,
    account_of,
    number_of,
    open_wallet,
)
from tests.support.databases import DEBIAN_15, Server, running_server
from tests.support.toy import wallet

ROOT: Final = Path(__file__).parents[2]
SEED: Final = 12
SECONDS: Final = 12.0
END_S_MAX: Final = 90.0
CUT_PAUSE_S_MAX: Final = 0.6
NAMES: Final = ("one", "two")

pytestmark = [pytest.mark.faults, pytest.mark.connected, pytest.mark.timeout(180)]

VICTIMS: Final = """
SELECT pid FROM pg_stat_activity
 WHERE datname = ANY($1) AND application_name IN ('duebook writer', 'duebook relay', 'duebook log',
       'duebook leases')
 ORDER BY pid"""

PLATFORM: Final = [*platform_statements(), *private_table("party"), *private_table("note")]


def loudly(line: str) -> None:
    """Past pytest's capture."""
    assert sys.__stderr__ is not None
    sys.__stderr__.write(f"\n{line}\n")


@pytest.fixture(scope="module", params=["embedded", "15"])
def harsh_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "15" and not DEBIAN_15.exists():
        reason = f"SKIPPED: no PostgreSQL 15 in {DEBIAN_15}: the append was NOT tried on it"
        loudly(reason)
        pytest.skip(reason)
    with running_server(request.param) as running:
        yield running


class Field(NamedTuple):
    """Where it happens."""

    server: Server
    store: str
    log: str

    @property
    def store_url(self) -> str:
        return self.server.url_of(self.store)

    @property
    def log_url(self) -> str:
        return self.server.url_of(self.log)


@pytest.fixture
async def field(harsh_server: Server) -> AsyncIterator[Field]:
    made = Field(
        harsh_server,
        harsh_server.create(PLATFORM),
        harsh_server.create(),
    )
    log = PostgresLog(made.log_url)
    await log.create(TOPICS)
    await log.close()
    yield made
    harsh_server.drop(made.store)
    harsh_server.drop(made.log)


async def open_all(field: Field) -> None:
    database = Database(field.store_url)
    store = PostgresStore(database)
    writer = Writer(store, wallet.CODEC, wallet.topics_of)
    writer.start()
    works = [open_wallet(number_of(n), account_of(n), COINS) for n in range(WALLETS)]
    await asyncio.gather(*(writer.submit(work, wallet.caller()) for work in works))
    await writer.close()
    await store.close()
    await database.close()


async def cut_connections(field: Field, chance: random.Random) -> int:
    """Now and then, until cancelled; how many."""
    cuts = 0
    connection = await asyncpg.connect(field.server.url_of("postgres"))
    try:
        while True:  # Until cancelled.
            await asyncio.sleep(chance.random() * CUT_PAUSE_S_MAX)
            rows = await connection.fetch(VICTIMS, [field.store, field.log])
            if rows:
                await connection.execute("SELECT pg_terminate_backend($1)", chance.choice(rows)[0])
                cuts += 1
    except asyncio.CancelledError:
        return cuts
    finally:
        await connection.close()


def spawn(field: Field, name: str, seed: int, answers: Path) -> subprocess.Popen[bytes]:
    arguments = [field.store_url, field.log_url, name, str(seed), str(SECONDS), str(answers)]
    command = [sys.executable, "-m", "tests.support.adversary", *arguments]
    with answers.with_suffix(".err").open("wb") as errors:
        return subprocess.Popen(command, cwd=ROOT, stderr=errors)


async def fight(field: Field, folder: Path) -> tuple[Mapping[str, Any], int]:
    """Everybody's answers by key, and the cuts."""
    cutter = asyncio.create_task(cut_connections(field, random.Random(SEED)))
    files = {name: folder / f"{name}.json" for name in NAMES}
    children = [spawn(field, name, SEED + n, files[name]) for n, name in enumerate(NAMES)]
    try:
        await asyncio.sleep(SECONDS)
        cutter.cancel()
        cuts = await cutter
        waits = [asyncio.to_thread(child.wait, END_S_MAX) for child in children]
        statuses = await asyncio.gather(*waits)
    finally:
        for child in children:
            child.kill()
            child.wait()
    errors = [files[name].with_suffix(".err").read_text()[-2000:] for name in NAMES]
    assert statuses == [0, 0], errors
    reports = [json.loads(files[name].read_text()) for name in NAMES]
    answers = {answer["key"]: answer for each in reports for answer in each["answers"]}
    loudly(f"repeated by clients: {sum(each['repetitions'] for each in reports)}")
    return answers, cuts


async def read_log(url: str) -> Mapping[TopicPartition, Sequence[LogRecord]]:
    log = PostgresLog(url)
    reader = log.reader("check")
    found: dict[TopicPartition, list[LogRecord]] = {}
    try:
        for topic in TOPICS:
            for partition, end in enumerate(await log.end_offsets(topic.name)):
                at = TopicPartition(topic.name, partition)
                found[at] = []
                while len(found[at]) < end:
                    found[at] += (await reader.fetch({at: len(found[at])}, 5_000, 5.0))[at]
    finally:
        await reader.close()
        await log.close()
    return found


class OnLog(NamedTuple):
    """An event as its headers tell."""

    id: str
    stream: str
    version: int
    type: str
    key: str | None  # The command's.


def on_log(record: LogRecord) -> OnLog:
    headers = {name: value.decode() for name, value in record.headers.items()}
    return OnLog(
        headers["ce_id"],
        headers["ce_streamid"],
        int(headers["ce_sequence"]),
        headers["ce_type"],
        headers.get("ce_commandid"),
    )


class QueryContext(NamedTuple):
    first: Sequence[OnLog]  # Without duplicates.
    duplicates: int
    disorder: Sequence[str]


def read_in_order(log: Mapping[TopicPartition, Sequence[LogRecord]], topic: str) -> QueryContext:
    """As a consumer does: versions that were seen are dropped."""
    seen: dict[str, int] = {}
    first: list[OnLog] = []
    duplicates, disorder = 0, []
    for at, records in log.items():
        if at.topic != topic:
            continue
        assert [record.offset for record in records] == list(range(len(records)))
        for event in map(on_log, records):
            last = seen.get(event.stream, 0)
            if event.version <= last:
                duplicates += 1
                continue
            if topic == "events" and event.version != last + 1:
                disorder.append(f"{event.stream}: {event.version} after {last}")
            seen[event.stream] = event.version
            first.append(event)
    return QueryContext(first, duplicates, disorder)


EVENTS: Final = "SELECT stream_id::text, version, event_id::text, type FROM es_event"
HEADS: Final = """
SELECT s.stream_id::text, s.version, count(e.*), min(e.version), max(e.version)
  FROM es_stream s LEFT JOIN es_event e USING (stream_id) GROUP BY s.stream_id, s.version"""


async def stored(field: Field, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(field.store_url)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


class TestTwoProcessesWriting:
    async def test_lose_nothing_reorder_nothing_and_answer_truly(
        self, field: Field, tmp_path: Path
    ) -> None:
        await open_all(field)
        answers, cuts = await fight(field, tmp_path)
        log = await read_log(field.log_url)
        events, public = read_in_order(log, "events"), read_in_order(log, "public")
        rows = await stored(field, EVENTS)
        accepted = {key: a["versions"] for key, a in answers.items() if "versions" in a}
        refused = len(answers) - len(accepted)
        loudly(
            f"answers {len(answers)} refused {refused} events {len(rows)} cuts {cuts}"
            f" duplicates on the log {events.duplicates}+{public.duplicates}"
        )
        # It was a fight: both sides wrote, were refused, were cut.
        assert len(accepted) > 500
        assert refused > len(answers) * 0.05
        assert cuts > 5
        # Versions are dense.
        for stream, version, count, low, high in await stored(field, HEADS):
            assert (count, low, high) == (version, 1, version), stream
        # Nothing reordered, nothing lost, nothing invented, on both topics.
        assert events.disorder == []
        assert await stored(field, "SELECT * FROM es_outbox") == []
        assert {(e.stream, e.version, e.id) for e in events.first} == {(*row,)[:3] for row in rows}
        spent = {(*row,)[:3] for row in rows if row["type"] == "toy.wallet.spent.v2"}
        assert {(e.stream, e.version, e.id) for e in public.first} == spent
        # Every acknowledged command is there once, and no other.
        assert done_by_key(events.first) == accepted


def done_by_key(events: Sequence[OnLog]) -> Mapping[str, Mapping[str, int]]:
    """What each command did: the version it left each stream at. Raises on a doubled command."""
    done: dict[str, dict[str, int]] = {}
    per_stream: dict[tuple[str, str], list[OnLog]] = {}
    for event in events:
        if event.key is not None:
            per_stream.setdefault((event.key, event.stream), []).append(event)
    for (key, stream), made in per_stream.items():
        versions = [event.version for event in made]
        expected = 2 if made[0].type == "toy.wallet.opened.v1" else 1
        assert len(made) == expected, f"{key} changed {stream} {len(made)} times"
        done.setdefault(key, {})[stream] = max(versions)
    return done
