"""The example in deploy/examples is what a third party would write, and it works as it is."""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from shared.platform.log.port import NewRecord
from shared.platform.service import Topics
from tests.support.golden_story import Published, records_of_story
from tests.support.own_topics import OwnTopics

FILE: Final = Path(__file__).parents[2] / "deploy/examples/alerts_consumer.py"
LINES_BELOW: Final = 60
LINE_S_MAX: Final = 30.0  # A group of consumers takes seconds to form.
QUIET_S: Final = 3.0
EXIT_S_MAX: Final = 10.0
ALERTS: Final = Topics().public("alerts")


class TestFile:
    def test_is_short(self) -> None:
        assert len(FILE.read_text("utf-8").splitlines()) < LINES_BELOW

    def test_needs_nothing_of_ours(self) -> None:
        tree = ast.parse(FILE.read_text("utf-8"))
        froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        plain = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert froms == {"aiokafka"}
        assert plain <= sys.stdlib_module_names


class Consumer:
    """The file in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        assert process.stdout is not None
        self._out = process.stdout

    async def lines(self, count: int) -> list[str]:
        """The next ones."""
        async with asyncio.timeout(LINE_S_MAX):
            return [(await self._out.readline()).decode().rstrip("\n") for _ in range(count)]

    async def stop(self) -> tuple[int | None, list[str]]:
        """Its exit status after SIGTERM, and what it still had to say."""
        self._process.terminate()
        async with asyncio.timeout(EXIT_S_MAX):
            rest, _ = await self._process.communicate()
        return self._process.returncode, rest.decode().splitlines()


@asynccontextmanager
async def consuming(broker: str, topic: str, group: str) -> AsyncIterator[Consumer]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(FILE)),
        *("--bootstrap", broker, "--topic", topic, "--group", group),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Consumer(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def retyped(record: NewRecord, kind: str) -> NewRecord:
    """An alert of a kind that nobody has written yet."""
    other = {"ce_type": kind.encode(), "ce_id": str(uuid4()).encode()}
    return record._replace(headers={**record.headers, **other})


RAISED_1: Final = "2012-03-02 raised: C-1001 2012-0131/1, 1 days past due, 2350.00 CNY open"
RAISED_30: Final = "2012-03-31 raised: C-1001 2012-0131/1, 30 days past due, 2350.00 CNY open"
RECOVERED_1: Final = "2012-04-10 recovered: C-1001 2012-0131/1, 1 days past due, 0.00 CNY open"
RECOVERED_30: Final = "2012-04-10 recovered: C-1001 2012-0131/1, 30 days past due, 0.00 CNY open"


@pytest.mark.connected
class TestOnKafka:
    async def test_says_each_alert_once_and_goes_on_where_it_stopped(
        self, log: OwnTopics, any_broker: str, tmp_path: Path
    ) -> None:
        alerts: Sequence[Published] = [
            each for each in await records_of_story(tmp_path) if each.at.topic == ALERTS
        ]
        records, partition = [each.record for each in alerts], alerts[0].at.partition
        unheard = retyped(records[0], "credit.early_warning.raised.v1")
        *before, last = records
        planted = [before[0], before[0], unheard, *before, *before]  # 8 of 3 alerts.
        await log.append(ALERTS, partition, planted)

        topic, group = log.name_of(ALERTS), f"test-{uuid4()}"
        async with consuming(any_broker, topic, group) as first:
            assert await first.lines(3) == [RAISED_1, RAISED_30, RECOVERED_1]
            await asyncio.sleep(QUIET_S)
            assert await first.stop() == (0, [])

        await log.append(ALERTS, partition, [last, last])
        async with consuming(any_broker, topic, group) as second:
            assert await second.lines(1) == [RECOVERED_30]
            await asyncio.sleep(QUIET_S)
            assert await second.stop() == (0, [])
