"""Killed in the middle of a file of commands, again and again: each line is done once.

By hand with DUEBOOK_TEST_IMPORT_LINES and DUEBOOK_TEST_IMPORT_KILLS for longer files.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import pytest

from shared.platform.observability.failpoints import KILLED, NAMES, VARIABLE
from tests.support.contract_documents import NDJSON
from tests.support.data_folders import data_folder
from tests.support.ledger_bodies import ACCOUNT, ENTITY, bill
from tests.support.running import Running

pytestmark = [pytest.mark.faults, pytest.mark.connected, pytest.mark.timeout(3600)]

LINES: Final = int(os.environ.get("DUEBOOK_TEST_IMPORT_LINES", "4000"))
KILLS: Final = int(os.environ.get("DUEBOOK_TEST_IMPORT_KILLS", "3"))
ACCOUNTS: Final = 50
SEED: Final = 20261130
LINES_S_MIN: Final = 20  # A busy machine does as many.
JITTER_S: Final = 0.15  # About as long as a part takes.
POINTS: Final = ("imports.after_lines", "imports.after_answers")
ISSUED: Final = """
SELECT convert_from(data, 'UTF8')::json ->> 'number' FROM es_event
 WHERE type = 'ledger.invoice.issued.v1'"""


def book() -> bytes:
    """An entity, its accounts, and invoices, a line each."""
    lines: list[dict[str, Any]] = [{"resource": "legal-entities", "body": ENTITY}]
    for n in range(ACCOUNTS):
        lines.append({"resource": "accounts", "body": {**ACCOUNT, "number": f"C-{n}"}})
    for n in range(LINES):
        account = {"legal_entity": "CN01", "number": f"C-{n % ACCOUNTS}"}
        body = {**bill(f"I-{n}", "10.00", "2026-01-05"), "account": account}
        lines.append({"resource": "invoices", "body": body})
    texts = (json.dumps({**line, "idempotency_key": f"k-{n}"}) for n, line in enumerate(lines))
    return "\n".join(texts).encode()


@pytest.fixture
def running() -> Iterator[Running]:
    with data_folder() as folder:
        running = Running(Path(folder), "2026-01-05T01:00:00Z")
        try:
            yield running
        finally:
            if running.is_alive:
                running.stop()
            running.log.unlink(missing_ok=True)


def send(running: Running) -> str:
    answer = httpx.post(
        f"{running.url}/ledger/v1/imports",
        content=book(),
        headers={"content-type": NDJSON, "idempotency-key": "book"},
        timeout=120,
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def wait_done(running: Running, id: str, count: int) -> None:
    """Waits until so many lines have their answers."""
    until = time.monotonic() + 60 + LINES / LINES_S_MIN
    while time.monotonic() < until:
        found = httpx.get(f"{running.url}/ledger/v1/imports/{id}", timeout=30).json()
        if found["done"] >= count:
            return
        time.sleep(0.01)
    raise AssertionError(f"not {count} lines: {found}\n{running.last_words()}")


def check_each_once(running: Running, id: str) -> None:
    """Every line has one answer, and every invoice was issued once."""
    wanted = 1 + ACCOUNTS + LINES
    wait_done(running, id, wanted)
    with httpx.stream("GET", f"{running.url}/ledger/v1/imports/{id}/results", timeout=120) as got:
        answers = [json.loads(text) for text in got.iter_lines()]
    assert [one["line"] for one in answers] == list(range(1, wanted + 1))
    assert {one["status"] for one in answers} == {201}
    shown = httpx.get(f"{running.url}/ledger/v1/imports/{id}", timeout=30).json()
    assert (shown["status"], shown["accepted"], shown["refused"]) == ("completed", wanted, 0)
    numbers = asyncio.run(_issued(running.database_url("ledger")))
    assert sorted(numbers) == sorted(f"I-{n}" for n in range(LINES))


async def _issued(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(ISSUED)]
    finally:
        await connection.close()


def test_killed_at_random_moments_does_each_line_once(running: Running) -> None:
    chance = random.Random(SEED)
    running.start()
    id = send(running)
    for count in sorted(chance.sample(range(LINES), KILLS)):
        wait_done(running, id, count)
        time.sleep(chance.random() * JITTER_S)
        running.kill()
        running.start()
    check_each_once(running, id)
    assert running.starts == KILLS + 1


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_failpoint_does_each_line_once(running: Running, point: str) -> None:
    running.start({VARIABLE: f"{point}:2"})
    id = send(running)
    while running.is_alive:
        time.sleep(0.05)
    assert running.exit_status == KILLED
    running.start()
    check_each_once(running, id)


def test_knows_every_point_there_is() -> None:
    assert {name for name in NAMES if name.startswith("imports.")} == {*POINTS}
