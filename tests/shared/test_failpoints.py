"""Failpoints: armed by name, refused by a name that no code reaches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from shared.platform import failpoints
from shared.platform.clock import monotonic_s

ROOT: Final = Path(__file__).parents[2]
REACHED: Final = re.compile(r'failpoints\.(hit|reach)\(\s*"([^"]+)"')


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm("")


def reached_by_code(how: str) -> set[str]:
    files = [path for top in ("shared", "services") for path in (ROOT / top).rglob("*.py")]
    found = (match for path in files for match in REACHED.findall(path.read_text()))
    return {name for kind, name in found if how in ("any", kind)}


class TestNames:
    def test_are_those_that_the_code_reaches(self) -> None:
        assert reached_by_code("any") == failpoints.NAMES

    def test_of_slow_points_are_those_that_the_code_awaits(self) -> None:
        assert reached_by_code("reach") == failpoints.SLOW_NAMES


class TestArm:
    @pytest.mark.parametrize("name", ["relay.nowhere", "relay.after_append:50ms"])
    def test_refuses_what_would_do_nothing(self, name: str) -> None:
        with pytest.raises(failpoints.UnknownFailpoint):
            failpoints.arm(name)


class TestReach:
    async def test_waits_where_a_delay_is_armed(self) -> None:
        failpoints.arm("projector.after_fetch:30ms")
        started_s = monotonic_s()
        await failpoints.reach("projector.after_fetch")
        assert monotonic_s() - started_s >= 0.03

    async def test_passes_where_nothing_is_armed(self) -> None:
        await failpoints.reach("projector.after_fetch")
