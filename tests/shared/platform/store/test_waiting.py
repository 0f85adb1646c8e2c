"""What waits for the writer: single works before those in bulk, and nobody for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.decider import Overloaded
from shared.platform.store.waiting import (
    BULK_WORKS_KEPT,
    BULK_WORKS_MAX,
    Pending,
    WaitingWorks,
)
from tests.support.toy import wallet

FULL = 2 * BULK_WORKS_MAX


async def _waiting(single: int, bulk: int, works_max: int = FULL) -> WaitingWorks:
    waiting = WaitingWorks(works_max, works_waiting_max=10_000)
    for kind, count in (("single", single), ("bulk", bulk)):
        for number in range(count):
            waiting.add(_pending(f"{kind} {number}"), is_bulk=kind == "bulk")
    return waiting


def _pending(name: str) -> Pending:
    future = asyncio.get_running_loop().create_future()
    return Pending(wallet.open_wallet(name), wallet.caller(name), future)


def _names(taken: Sequence[Pending]) -> list[str]:
    return [str(one.caller.key) for one in taken]


class TestTake:
    async def test_takes_a_single_one_before_all_in_bulk(self) -> None:
        waiting = await _waiting(single=1, bulk=3 * FULL)
        assert _names(waiting.take())[0] == "single 0"

    async def test_puts_few_in_bulk_beside_a_single_one(self) -> None:
        waiting = await _waiting(single=1, bulk=3 * FULL)
        assert len(waiting.take()) == 1 + BULK_WORKS_KEPT
        assert len(waiting.take()) == BULK_WORKS_MAX

    async def test_keeps_a_part_for_those_in_bulk(self) -> None:
        waiting = await _waiting(single=3 * FULL, bulk=FULL)
        taken = _names(waiting.take())
        assert len([name for name in taken if name.startswith("bulk")]) == BULK_WORKS_KEPT
        assert len(taken) == FULL

    async def test_leaves_out_whose_caller_went_away(self) -> None:
        waiting = await _waiting(single=0, bulk=0)
        gone, there = _pending("gone"), _pending("there")
        for one in (gone, there):
            waiting.add(one, is_bulk=True)
        gone.future.cancel()
        assert _names(waiting.take()) == ["there"]

    @given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 20))
    def test_takes_each_once_in_the_order_of_its_queue(
        self, single: int, bulk: int, works_max: int
    ) -> None:
        async def all_taken() -> list[str]:
            waiting = await _waiting(single, bulk, works_max)
            names: list[str] = []
            while waiting:
                taken = waiting.take()
                assert 0 < len(taken) <= works_max
                names += _names(taken)
            return names

        names = asyncio.run(all_taken())
        for kind, count in (("single", single), ("bulk", bulk)):
            of_kind = [name for name in names if name.startswith(kind)]
            assert of_kind == [f"{kind} {number}" for number in range(count)]


class TestAdd:
    async def test_refuses_when_its_own_queue_is_full_alone(self) -> None:
        waiting = WaitingWorks(FULL, works_waiting_max=1)
        waiting.add(_pending("a"), is_bulk=True)
        with pytest.raises(Overloaded):
            waiting.add(_pending("b"), is_bulk=True)
        waiting.add(_pending("c"), is_bulk=False)
        assert len(waiting) == 2
