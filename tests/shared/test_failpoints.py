"""A failpoint that nobody reaches would prove nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from shared.platform import failpoints
from shared.platform.clock import monotonic_s

ROOT: Final = Path(__file__).parents[2]
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

    def test_an_armed_one_ends_the_process_the_nth_time(self) -> None:
        program = (
            "from shared.platform import failpoints\n"
            "for n in range(5):\n"
            "    print(n, flush=True)\n"
            "    failpoints.hit('relay.after_poll')\n"
        )
        ended = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={failpoints.VARIABLE: "relay.after_poll:3"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == failpoints.KILLED
        assert ended.stdout.split() == ["0", "1", "2"]

    def test_every_name_is_reached_by_exactly_one_place(self) -> None:
        code = "".join(path.read_text() for folder in FOLDERS for path in folder.rglob("*.py"))
        for name in failpoints.NAMES:
            how = "await failpoints.reach" if name in failpoints.SLOW_NAMES else "failpoints.hit"
            assert code.count(f'{how}("{name}")') == 1, name
            assert code.count(f'("{name}")') == 1, name
