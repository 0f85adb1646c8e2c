"""Lets the lines of a batch into the writer's queue in order, whatever each has to look up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from starlette.types import Scope

_TURN: Final = "duebook.turn"  # key in the ASGI scope


class Turn:
    """A line's place among the lines it runs with."""

    def __init__(self, now: datetime) -> None:
        self.now = now  # The same for all of them.
        self._came = asyncio.Event()
        self._next: Turn | None = None

    async def comes(self) -> None:
        """Waits until all lines before it are in the queue, or were answered without."""
        await self._came.wait()

    def pass_on(self) -> None:
        """Lets the next line go on. To say so twice is harmless."""
        if self._next is not None:
            self._next._came.set()


def turns(count: int, now: datetime) -> Sequence[Turn]:
    """As many places, in their order. The first one's turn has come."""
    made = [Turn(now) for _ in range(count)]
    for turn, after in pairwise(made):
        turn._next = after
    if made:
        made[0]._came.set()
    return made


def take_turn(scope: Scope, turn: Turn) -> None:
    """Gives the request its place."""
    scope[_TURN] = turn


def turn_of(scope: Scope) -> Turn | None:
    """The place of a request that is a line of a batch."""
    turn: Turn | None = scope.get(_TURN)
    return turn
