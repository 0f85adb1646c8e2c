"""Keeps the works that wait for the writer: single ones come before those in bulk."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from shared.kernel.decider import Accepted, AnyWork, Caller, Overloaded

WORKS_MAX: Final = 256  # in one transaction
BULK_WORKS_MAX: Final = 128  # of one transaction: a single work that comes may wait for all of it
BULK_WORKS_KEPT: Final = 32  # beside single ones, which neither stop them nor wait for many more
WORKS_WAITING_MAX: Final = 4096  # works of either kind; then 503 is answered at once


class Pending(NamedTuple):
    """A work that waits, and who is to be answered."""

    work: AnyWork
    caller: Caller
    future: asyncio.Future[Accepted]


class WaitingWorks:
    """Two queues, each taken in its order.

    A single work waits for one transaction of those in bulk at most, however many there are, and
    shares its own with few of them.
    """

    def __init__(self, works_max: int, works_waiting_max: int) -> None:
        self._works_max = works_max
        self._bulk_max = min(BULK_WORKS_MAX, works_max)
        self._works_waiting_max = works_waiting_max
        self._single: deque[Pending] = deque()
        self._bulk: deque[Pending] = deque()

    def __len__(self) -> int:
        return len(self._single) + len(self._bulk)

    def add(self, pending: Pending, *, is_bulk: bool) -> None:
        """Puts it at the end of its queue. Raises Overloaded when that is full."""
        waiting = self._bulk if is_bulk else self._single
        if len(waiting) >= self._works_waiting_max:
            raise Overloaded
        waiting.append(pending)

    def take(self) -> Sequence[Pending]:
        """Takes a transaction's works, but for those whose callers have gone away."""
        kept = min(BULK_WORKS_KEPT, self._works_max // 2, len(self._bulk))
        single = _taken(self._single, self._works_max - kept)
        return single + _taken(self._bulk, kept if single else self._bulk_max)


def _taken(waiting: deque[Pending], works_max: int) -> list[Pending]:
    taken: list[Pending] = []
    while waiting and len(taken) < works_max:
        pending = waiting.popleft()
        if not pending.future.done():
            taken.append(pending)
    return taken
