"""What the importer and the simulator ask of a running Duebook: a port, its answers, its refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, Protocol

SERVICES: Final = ("ledger", "credit", "dunning")  # In the order in which a clock is moved.

Body = Mapping[str, object]


class Refused(Exception):
    """The service said no, and will say no again. Carries the problem's names."""

    def __init__(self, status: int, code: str, pointer: str) -> None:
        super().__init__(f"{status} {code} {pointer}".rstrip())
        self.status = status
        self.code = code
        self.pointer = pointer


class Unavailable(Exception):
    """No answer, or none that counts, for as long as patience lasted. Repeating harms nothing."""


class Answer(NamedTuple):
    body: Body
    replayed: bool  # It had been written before, under the same key.


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One POST. The same key always means the same wish."""

    service: str
    path: str
    body: Body
    key: str


class ClockHand(NamedTuple):
    now: datetime
    is_manual: bool


class Calls(Protocol):
    """Repeats what may be repeated, with the same key, for a bounded time."""

    async def post(self, wish: Wish) -> Answer:
        """Raises Refused, or Unavailable."""
        ...

    async def get(self, service: str, path: str, **query: str) -> Body:
        """Raises Refused, or Unavailable."""
        ...

    async def clock(self, service: str) -> ClockHand: ...

    async def advance(self, to: datetime, *, zone: str) -> None:
        """Moves the clocks that stand earlier, day by day in the zone, settled after each step."""
        ...

    async def settle(self) -> None:
        """Returns when nothing is due, on its way or unread in any service."""
        ...

    async def events(self) -> int:
        """How many events stand in the logs of all services."""
        ...
