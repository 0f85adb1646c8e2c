from __future__ import annotations

import asyncio

import pytest

from services.cli.client.lanes import LANES_MAX, in_lanes


class TestInLanes:
    async def test_keeps_the_order_of_a_lane(self) -> None:
        done: list[tuple[str, int]] = []

        async def do(each: tuple[str, int]) -> None:
            await asyncio.sleep(0.001 * (3 - each[1]))
            done.append(each)

        await in_lanes([[("a", n) for n in range(3)], [("b", n) for n in range(3)]], do)

        assert [n for name, n in done if name == "a"] == [0, 1, 2]
        assert [n for name, n in done if name == "b"] == [0, 1, 2]

    async def test_works_on_several_lanes_but_not_on_too_many(self) -> None:
        working = most = 0

        async def do(each: int) -> None:
            nonlocal working, most
            working += 1
            most = max(most, working)
            await asyncio.sleep(0)
            working -= 1

        await in_lanes([[n, n] for n in range(3 * LANES_MAX)], do)

        assert most == LANES_MAX

    async def test_stops_all_lanes_at_the_first_exception(self) -> None:
        done: list[int] = []

        async def do(each: int) -> None:
            if each == 0:
                raise LookupError
            await asyncio.sleep(0.01)
            done.append(each)

        with pytest.raises(LookupError):
            await in_lanes([[n, n] for n in range(4)], do)
        await asyncio.sleep(0.03)
        assert done == []
