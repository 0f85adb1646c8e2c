"""A failpoint that nobody reaches would prove nothing."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from shared.platform.clock import monotonic_s
from shared.platform.observability import failpoints

ROOT: Final = Path(__file__).parents[4]
FOLDERS: Final = (ROOT / "shared", ROOT / "services")


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    failpoints.arm("")


class TestFailpoints:
    def test_an_unknown_name_is_refused(self) -> None:
        with pytest.raises(failpoints.UnknownFailpoint):
            failpoints.arm("relay.after_lunch")

    def test_a_delay_is_refused_where_nobody_would_wait(self) -> None:
        with pytest.raises(failpoints.UnknownFailpoint):
            failpoints.arm("relay.after_append:50ms")

    async def test_a_slow_one_keeps_who_reaches_it_for_its_delay(self) -> None:
        failpoints.arm("projector.after_fetch:30ms")
        started_s = monotonic_s()
        await failpoints.reach("projector.after_fetch")
        assert monotonic_s() - started_s >= 0.03

    def test_one_that_is_not_armed_lets_pass(self) -> None:
        failpoints.arm("relay.after_poll")
        failpoints.hit("relay.after_append")

    def test_an_armed_one_ends_the_process_the_nth_time_and_says_so(self) -> None:
        ended = run(
            "relay.after_poll:3",
            "for n in range(5):\n"
            "    print(n, flush=True)\n"
            "    failpoints.hit('relay.after_poll')\n",
        )
        assert ended.returncode == failpoints.KILLED
        assert ended.stdout.split() == ["0", "1", "2"]
        assert ended.stderr == "failpoint relay.after_poll hit\n"

    async def test_what_is_under_way_is_awaited(self) -> None:
        assert await failpoints.under_way("log.after_send", asyncio.sleep(0, "done")) == "done"
        failpoints.arm("log.after_send:2")
        assert await failpoints.under_way("log.after_send", asyncio.sleep(0, "done")) == "done"

    def test_what_is_under_way_was_begun_and_is_not_done_when_it_ends(self) -> None:
        ended = run(
            "log.after_send",
            "import asyncio\n"
            "async def append():\n"
            "    print('begun', flush=True)\n"
            "    await asyncio.sleep(9)\n"
            "    print('done', flush=True)\n"
            "asyncio.run(failpoints.under_way('log.after_send', append()))\n",
        )
        assert ended.returncode == failpoints.KILLED
        assert ended.stdout.split() == ["begun"]
        assert ended.stderr == "failpoint log.after_send hit\n"


def run(armed: str, program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"from shared.platform.observability import failpoints\n{program}"],
        cwd=ROOT,
        env={failpoints.VARIABLE: armed},
        capture_output=True,
        text=True,
        check=False,
    )


def places(name: str) -> list[str]:
    """Where code reaches a failpoint, as file: function."""
    call = re.compile(rf'failpoints\.(\w+)\(\s*"{re.escape(name)}"')
    return [
        f"{path.stem}: {how}"
        for folder in FOLDERS
        for path in sorted(folder.rglob("*.py"))
        for how in call.findall(path.read_text("utf-8"))
    ]


@pytest.mark.parametrize("name", sorted(failpoints.NAMES))
def test_every_name_is_reached_by_exactly_one_place(name: str) -> None:
    if name == "log.after_send":  # Each log that outlives its process has its own.
        assert places(name) == ["kafka_session: under_way", "postgres_append: under_way"]
        return
    how = "reach" if name in failpoints.SLOW_NAMES else "hit"
    assert [place.partition(": ")[2] for place in places(name)] == [how]


def test_nothing_is_reached_that_has_no_name() -> None:
    call = re.compile(r'failpoints\.(?:hit|reach|under_way)\(\s*"([^"]+)"')
    code = "".join(path.read_text() for folder in FOLDERS for path in folder.rglob("*.py"))
    assert set(call.findall(code)) == failpoints.NAMES
