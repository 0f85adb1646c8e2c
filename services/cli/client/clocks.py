"""Moves the domain clocks of all services forward together, and waits for what follows each step.

The order is fixed: ledger, credit, dunning, each settled before the next, so that the same story
always gives the same events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.cli.client.duebook import Answer, Duebook
from shared.platform.clock import monotonic_s

ORDER: Final = ("ledger", "credit", "dunning")
SETTLE_WAIT_S: Final = 1.0  # how long a service may wait for its own work before it answers
LOOK_AGAIN_S_MIN: Final = 0.01  # the first pause before who is still busy is asked again
LOOK_AGAIN_S_MAX: Final = 0.03  # the longest one; each is half as long again
STANDSTILL_S_MAX: Final = 120.0  # without any change of what is left to do

Ends = Mapping[str, Sequence[int]]


class ClockNotManual(Exception):
    """The services go by the system's clock; nobody can move it."""


class WorkHalted(Exception):
    """A worker stands still before an event it cannot take, or passes over its stream.

    The message says which.
    """


class WorkStandsStill(Exception):
    """Something is left to do and nobody does it: are the workers running?"""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What GET /clock of one service answered."""

    service: str
    now: datetime
    is_manual: bool
    is_settled: bool
    next_timer_at: datetime | None
    end_offsets: Ends
    left: tuple[int, ...]  # timers due, outbox rows, works in flight, lag
    halted: tuple[str, ...]  # What stands still, and what is passed over.


class Clocks:
    """The clocks of the services at one address."""

    def __init__(self, duebook: Duebook, services: Sequence[str] = ORDER) -> None:
        self._duebook = duebook
        self._services = tuple(services)

    async def read(
        self, services: Sequence[str] = (), *, wait_s: float = 0
    ) -> Sequence[ClockReading]:
        """Of these services, or of all; each when it is settled, or when it has waited so long."""
        names = services or self._services
        asked = (self._duebook.operation(n, "GET", "/clock", wait_s=wait_s) for n in names)
        answers = await asyncio.gather(*asked)
        return [_reading(n, a) for n, a in zip(names, answers, strict=True)]

    async def settle(self, first: Sequence[ClockReading] | None = None) -> Sequence[ClockReading]:
        """Returns when nothing is left to do anywhere, seen twice with the same end offsets.

        `first` is a look just taken. Raises WorkHalted, WorkStandsStill.
        """
        before: Sequence[Ends] | None = None
        readings = first or await self._look_in_turn()
        while True:  # Until settled twice; `_wait_for` ends with an exception if that never comes.
            if _busy(readings):
                before = None
                readings = await self._look_in_turn()
                continue
            ends = [reading.end_offsets for reading in readings]
            if ends == before:
                return readings
            before = ends
            readings = await self.read()

    async def _look_in_turn(self) -> Sequence[ClockReading]:
        """The first service when it has nothing left to do, then the others, which hear it.

        So one look is mostly enough for the first of the two that agree.
        """
        return [
            *await self._wait_for(self._services[:1]),
            *await self._wait_for(self._services[1:]),
        ]

    async def _wait_for(self, services: Sequence[str]) -> Sequence[ClockReading]:
        """What these say when they are settled, each as far as it knows."""
        if not services:
            return ()
        seen: object = None
        pause_s, moved_s = LOOK_AGAIN_S_MIN, monotonic_s()
        found: dict[str, ClockReading] = {}
        busy = services
        while True:  # Until settled, or until nothing has changed for too long.
            for reading in await self.read(busy, wait_s=SETTLE_WAIT_S):
                found[reading.service] = reading
            busy = _busy([found[name] for name in busy])
            if not busy:
                return [found[name] for name in services]
            state = [(one.service, one.end_offsets, one.left) for one in found.values()]
            if state != seen:
                seen, moved_s = state, monotonic_s()
            elif monotonic_s() - moved_s > STANDSTILL_S_MAX:
                left = {reading.service: reading.left for reading in found.values()}
                raise WorkStandsStill(f"timers due, outbox, in flight, lag: {left}")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, LOOK_AGAIN_S_MAX)

    async def advance(
        self,
        to: datetime,
        passed: Callable[[datetime], None] = lambda instant: None,
    ) -> None:
        """To the instant, stopping at every instant at which something is due.

        Services that are there or beyond stay where they are. `passed` hears every stop.
        """
        readings = await self._look_in_turn()
        if not all(reading.is_manual for reading in readings):
            raise ClockNotManual
        if all(reading.now > to for reading in readings):
            return
        readings = await self.settle(readings)
        while any(reading.now < to for reading in readings):  # Every round moves a clock.
            stop = next_stop(readings, to)
            readings = await self._advance_all(stop, readings)
            passed(stop)

    async def _advance_all(
        self, stop: datetime, readings: Sequence[ClockReading]
    ) -> Sequence[ClockReading]:
        """One after the other, each settled before the next.

        What has no timer due by then does nothing when it is moved: no need to wait for it, and
        those that stand side by side in the order may move at the same time.
        """
        idle: list[str] = []
        for n, name in enumerate(self._services):
            own = readings[n]
            if own.now >= stop:
                continue
            if own.next_timer_at is None or own.next_timer_at > stop:
                idle.append(name)
                continue
            await self._move(idle, stop)
            await self._move([name], stop)
            readings, idle = await self.settle(), []
        await self._move(idle, stop)
        return [replace(one, now=stop) if one.service in idle else one for one in readings]

    async def _move(self, services: Sequence[str], stop: datetime) -> None:
        body = {"now": stop}
        moves = (self._duebook.operation(name, "POST", "/clock", body) for name in services)
        await asyncio.gather(*moves)


def _busy(readings: Sequence[ClockReading]) -> Sequence[str]:
    """Those not settled. Raises WorkHalted: waiting would not help."""
    halted = [line for reading in readings for line in reading.halted]
    if halted:
        raise WorkHalted("; ".join(dict.fromkeys(halted)))
    return [reading.service for reading in readings if not reading.is_settled]


def next_stop(readings: Sequence[ClockReading], to: datetime) -> datetime:
    """When the first timer is due that a clock has not reached; what it has reached was fired."""
    behind = min(reading.now for reading in readings)
    timers = [one.next_timer_at for one in readings if one.next_timer_at is not None]
    return min([to, *(due for due in timers if due > behind)])


def _reading(service: str, answer: Answer) -> ClockReading:
    body: dict[str, Any] = answer.body
    next_timer_at = body.get("next_timer_at")
    counts = ("timers_due", "outbox", "in_flight", "lag")
    return ClockReading(
        service=service,
        now=datetime.fromisoformat(body["now"]),
        is_manual=body["manual"],
        is_settled=body["settled"],
        next_timer_at=datetime.fromisoformat(next_timer_at) if next_timer_at else None,
        end_offsets=body.get("end_offsets", {}),
        left=tuple(body.get(name, 0) for name in counts),
        halted=tuple(
            f"{service}: {one['worker']} at {one['topic']}/{one['partition']}: {one['error']}"
            for one in (*body.get("halted", ()), *body.get("parked", ()))
        ),
    )
