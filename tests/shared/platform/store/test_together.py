"""Questions of the same moment are one question, and nobody hears what was read before he asked."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from uuid import UUID

import pytest

from shared.platform.store.together import Together

TENANT, OTHER = UUID(int=1), UUID(int=2)
IDS = [UUID(int=10 + n) for n in range(5)]


class Slow:
    """Answers with how often it had been asked before, once it is let."""

    def __init__(self) -> None:
        self.asked: list[tuple[UUID, set[UUID]]] = []
        self.let = asyncio.Event()
        self.problem: Exception | None = None

    async def __call__(self, tenant_id: UUID, ids: Collection[UUID]) -> Mapping[UUID, int]:
        self.asked.append((tenant_id, set(ids)))
        nth = len(self.asked)
        await self.let.wait()
        if self.problem is not None:
            raise self.problem
        return dict.fromkeys(ids, nth)


class TestTogether:
    async def test_asks_once_for_all_who_ask_meanwhile(self) -> None:
        slow = Slow()
        together = Together(slow)
        first = asyncio.create_task(together.of(TENANT, IDS[:1]))
        await asyncio.sleep(0.01)
        rest = [asyncio.create_task(together.of(TENANT, [id])) for id in IDS]
        await asyncio.sleep(0.01)
        slow.let.set()
        assert await first == {IDS[0]: 1}
        for answer in await asyncio.gather(*rest):
            assert answer == dict.fromkeys(IDS, 2)  # Not what was read before they asked.
        assert slow.asked == [(TENANT, {IDS[0]}), (TENANT, set(IDS))]

    async def test_keeps_tenants_apart(self) -> None:
        slow = Slow()
        slow.let.set()
        together = Together(slow)
        await asyncio.gather(together.of(TENANT, IDS[:1]), together.of(OTHER, IDS[1:2]))
        assert slow.asked == [(TENANT, {IDS[0]}), (OTHER, {IDS[1]})]

    async def test_answers_the_others_when_one_goes_away(self) -> None:
        slow = Slow()
        together = Together(slow)
        gone, here = (asyncio.create_task(together.of(TENANT, [id])) for id in IDS[:2])
        await asyncio.sleep(0.01)
        gone.cancel()
        slow.let.set()
        assert (await here)[IDS[1]] == 1

    async def test_tells_all_of_a_failure_and_asks_anew(self) -> None:
        slow = Slow()
        slow.let.set()
        slow.problem = ConnectionResetError()
        together = Together(slow)
        answers = await asyncio.gather(
            *(together.of(TENANT, [id]) for id in IDS), return_exceptions=True
        )
        assert [type(one) for one in answers] == [ConnectionResetError] * len(IDS)
        slow.problem = None
        assert (await together.of(TENANT, IDS[:1]))[IDS[0]] == 2

    async def test_is_not_ended_by_who_asked_alone_and_went_away(self) -> None:
        slow = Slow()
        together = Together(slow)
        gone = asyncio.create_task(together.of(TENANT, IDS[:1]))
        await asyncio.sleep(0.01)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        slow.let.set()
        assert (await together.of(TENANT, IDS[1:2]))[IDS[1]] == 2
