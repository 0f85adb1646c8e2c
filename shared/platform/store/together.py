"""Asks the database once for many who ask at the same time, as the writer writes for many."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, TypeVar
from uuid import UUID

from shared.platform.signals import heed

T = TypeVar("T")

Ask = Callable[[UUID, Collection[UUID]], Awaitable[Mapping[UUID, T]]]


class Together(Generic[T]):
    """Gathers the questions of a tenant that come while one is being answered, for the next.

    Nobody is told what was read before he asked: a question that is on its way takes no more ids.
    """

    def __init__(self, ask: Ask[T]) -> None:
        self._ask = ask
        self._under_way: dict[UUID, asyncio.Lock] = {}
        self._gathered: dict[UUID, tuple[set[UUID], asyncio.Task[Mapping[UUID, T]]]] = {}

    async def of(self, tenant_id: UUID, ids: Collection[UUID]) -> Mapping[UUID, T]:
        """What is known of these ids, and of others that were asked for beside them."""
        gathered = self._gathered.get(tenant_id)
        if gathered is None:
            wanted: set[UUID] = set()
            asking = asyncio.create_task(self._answer(tenant_id, wanted))
            asking.add_done_callback(heed)  # Who asked may have gone away.
            gathered = self._gathered[tenant_id] = wanted, asking
        gathered[0].update(ids)
        return await asyncio.shield(gathered[1])

    async def _answer(self, tenant_id: UUID, wanted: Collection[UUID]) -> Mapping[UUID, T]:
        async with self._under_way.setdefault(tenant_id, asyncio.Lock()):
            del self._gathered[tenant_id]
            return await self._ask(tenant_id, wanted)
