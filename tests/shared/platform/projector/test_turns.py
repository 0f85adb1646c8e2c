"""Projections of one process take turns: few are at work at one time, and each comes."""

from __future__ import annotations

import asyncio
from typing import cast

from shared.platform.codec import Codec
from shared.platform.database.pools import Database
from shared.platform.projector.port import Projection
from shared.platform.projector.runtime import Projector
from shared.platform.subscription.consumer import Cursors
from shared.platform.subscription.decoding import EventDecoder
from shared.platform.subscription.progress import ProjectionProgress


class Away(Exception):
    """The database refuses the connection."""


class SlowDatabase:
    """Notes which projections ask it for a connection, and refuses them when told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refuse = asyncio.Event()

    async def own_connection(self, name: str) -> None:
        self.asked.append(name.removeprefix("duebook "))
        await self.refuse.wait()
        raise Away


def _projector(name: str, database: Database, turns: asyncio.Semaphore) -> Projector:
    return Projector(
        "toy",
        Projection(name, (), (), needs=lambda events: (), fold=lambda rows, events: rows),
        database=database,
        decoder=EventDecoder(Codec({})),
        progress=ProjectionProgress(database),
        turns=turns,
    )


async def test_no_more_are_at_work_than_have_a_turn_and_a_failure_gives_it_back() -> None:
    slow = SlowDatabase()
    turns = asyncio.Semaphore(2)
    names = ["first", "second", "third", "fourth"]
    handling = [
        asyncio.create_task(_projector(name, cast(Database, slow), turns).handle(Cursors(name), {}))
        for name in names
    ]
    await asyncio.sleep(0.01)
    assert slow.asked == names[:2]
    slow.refuse.set()
    problems = await asyncio.gather(*handling, return_exceptions=True)
    assert [type(problem) for problem in problems] == [Away] * 4
    assert slow.asked == names
