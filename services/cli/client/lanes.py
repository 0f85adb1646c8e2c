"""Work by account: one account's in its order one by one, different accounts side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

LANES_MAX: Final = 32  # accounts worked on at the same time

T = TypeVar("T")


async def in_lanes(lanes: Iterable[Sequence[T]], do: Callable[[T], Awaitable[None]]) -> None:
    """Returns when all is done. The first exception stops the rest and is raised as it is."""
    waiting = iter(lanes)
    workers = [asyncio.create_task(_work(waiting, do)) for _ in range(LANES_MAX)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _work(waiting: Iterator[Sequence[T]], do: Callable[[T], Awaitable[None]]) -> None:
    for lane in waiting:
        for each in lane:
            await do(each)
