from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.cli.client.clocks import (
    ClockNotManual,
    ClockReading,
    Clocks,
    WorkHalted,
    next_stop,
)
from services.cli.client.duebook import Duebook

DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(hours=8)


def day(number: int, hours: float = 0) -> datetime:
    """The beginning of that day of January in the zone."""
    return DAY_ONE + timedelta(days=number - 1, hours=hours)


@dataclass
class Village:
    """Three services with clocks and timers, as far as GET and POST /clock show them."""

    now: dict[str, datetime] = field(
        default_factory=lambda: dict.fromkeys(("ledger", "credit", "dunning"), DAY_ONE)
    )
    timers: dict[str, list[datetime]] = field(default_factory=dict)
    on_move: Callable[[str], None] = lambda service: None
    is_manual: bool = True
    halted: list[dict[str, Any]] = field(default_factory=list)
    parked: list[dict[str, Any]] = field(default_factory=list)
    unsettled_looks: int = 0
    moves: list[tuple[str, datetime]] = field(default_factory=list)
    reads: int = 0
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # Who, and Prefer.

    def answer(self, request: httpx.Request) -> httpx.Response:
        service = request.url.path.split("/")[1]
        if request.method == "POST":
            to = datetime.fromisoformat(json.loads(request.content)["now"])
            self.moves.append((service, to))
            self.now[service] = to
            left = [due for due in self.timers.get(service, []) if due > to]
            self.timers[service] = left
            self.on_move(service)
        else:
            self.reads += 1
            self.asked.append((service, request.headers.get("prefer")))
        due = min(self.timers.get(service, []), default=None)
        settled = self.unsettled_looks == 0
        self.unsettled_looks = max(0, self.unsettled_looks - 1)
        return httpx.Response(
            200,
            json={
                "now": self.now[service].isoformat(),
                "manual": self.is_manual,
                "settled": settled and not self.halted,
                "timers_due": 0,
                "next_timer_at": due.isoformat() if due else None,
                "outbox": 0 if settled else 1,
                "in_flight": 0,
                "lag": 0,
                "end_offsets": {"t": [len(self.moves)]},
                "halted": self.halted,
                "parked": self.parked,
            },
        )

    async def advance(
        self, to: datetime, transport: httpx.MockTransport | None = None
    ) -> list[datetime]:
        stops: list[datetime] = []
        transport = transport or httpx.MockTransport(self.answer)
        async with Duebook("http://village", transport=transport) as duebook:
            await Clocks(duebook).advance(to, stops.append)
        return stops


class TestAdvance:
    async def test_moves_ledger_then_credit_then_dunning(self) -> None:
        village = Village()
        await village.advance(day(5))
        order = [(name, day(5)) for name in ("ledger", "credit", "dunning")]
        assert village.moves == order

    async def test_stops_at_every_instant_at_which_something_is_due(self) -> None:
        """A review of the morning is made in the morning, not at the midnight after it."""
        village = Village(timers={"ledger": [day(3), day(7, 10)], "credit": [day(3)]})
        village.timers["dunning"] = [day(3, 8), day(3, 8.25)]
        expected = [day(3), day(3, 8), day(3, 8.25), day(7, 10), day(20)]
        assert await village.advance(day(20)) == expected

    async def test_fires_of_one_instant_ledger_then_credit_then_dunning(self) -> None:
        timers = {name: [day(3, 8)] for name in ("dunning", "credit", "ledger")}
        village = Village(timers=timers)
        await village.advance(day(3, 8))
        assert village.moves == [(name, day(3, 8)) for name in ("ledger", "credit", "dunning")]
        assert village.reads == 3 * (2 + 3 * 2)  # Settled at first, and after each.

    async def test_sees_timers_that_were_set_on_the_way(self) -> None:
        village = Village(timers={"ledger": [day(3)]})

        def react(service: str) -> None:
            if service == "ledger" and village.now["ledger"] == day(3):
                village.timers["dunning"] = [day(4)]

        village.on_move = react
        assert await village.advance(day(9)) == [day(3), day(4), day(9)]

    async def test_waits_only_for_what_has_something_to_do(self) -> None:
        village = Village(timers={"credit": [day(2)]})
        await village.advance(day(2))
        assert village.reads == 3 * (2 + 2)  # Settled at first, and after credit.

    async def test_lets_the_services_wait_and_asks_the_first_before_those_that_hear_it(
        self,
    ) -> None:
        village = Village(unsettled_looks=1)
        await village.advance(day(2))
        names = ("ledger", "credit", "dunning")
        first = [("ledger", "wait=1")] * 2 + [("credit", "wait=1"), ("dunning", "wait=1")]
        assert village.asked == first + [(name, None) for name in names]

    async def test_moves_together_what_has_nothing_due(self) -> None:
        """Neither is answered before both are asked; ledger, which has, is moved alone before."""
        village, asked = Village(timers={"ledger": [day(2)]}), asyncio.Event()

        async def answer(request: httpx.Request) -> httpx.Response:
            answered = village.answer(request)
            if request.method == "POST" and request.url.path.startswith("/credit"):
                await asyncio.wait_for(asked.wait(), 5)
            if request.method == "POST" and request.url.path.startswith("/dunning"):
                asked.set()
            if request.method == "POST" and request.url.path.startswith("/ledger"):
                await asyncio.sleep(0.01)
                assert [name for name, _ in village.moves] == ["ledger"]
            return answered

        assert await village.advance(day(2), httpx.MockTransport(answer)) == [day(2)]

    async def test_takes_up_an_advance_that_was_cut(self) -> None:
        village = Village()
        village.now["ledger"] = day(9)
        await village.advance(day(9))
        assert village.moves == [("credit", day(9)), ("dunning", day(9))]

    async def test_does_nothing_where_all_are_beyond(self) -> None:
        village = Village(now=dict.fromkeys(("ledger", "credit", "dunning"), day(9)))
        assert await village.advance(day(5)) == []
        assert village.reads == 3

    async def test_waits_until_nothing_is_left_seen_twice(self) -> None:
        village = Village(unsettled_looks=10)
        await village.advance(day(2))
        assert village.unsettled_looks == 0

    async def test_refuses_a_clock_that_cannot_be_moved(self) -> None:
        with pytest.raises(ClockNotManual):
            await Village(is_manual=False).advance(day(2))

    async def test_stops_where_a_worker_stands_still(self) -> None:
        halted = {"worker": "open_items", "topic": "t", "partition": 3, "error": "gap"}
        with pytest.raises(WorkHalted, match="open_items at t/3: gap"):
            await Village(halted=[halted]).advance(day(2))

    async def test_stops_where_a_stream_is_passed_over_though_all_is_settled(self) -> None:
        parked = {"worker": "reactions", "topic": "t", "partition": 3, "error": "by zero"}
        with pytest.raises(WorkHalted, match="reactions at t/3: by zero"):
            await Village(parked=[parked]).advance(day(2))


class TestNextStop:
    def reading(self, now: datetime, due: datetime | None) -> ClockReading:
        return ClockReading("ledger", now, True, True, due, {}, (0, 0, 0, 0), ())

    def test_is_the_end_when_nothing_waits(self) -> None:
        assert next_stop([self.reading(day(1), None)], day(9)) == day(9)

    def test_is_when_the_first_is_due(self) -> None:
        readings = [self.reading(day(1), day(5)), self.reading(day(1), day(1, 8))]
        assert next_stop(readings, day(9)) == day(1, 8)

    def test_is_never_where_the_clocks_are(self) -> None:
        assert next_stop([self.reading(day(1), day(1))], day(9)) == day(9)

    def test_is_never_beyond_the_end(self) -> None:
        assert next_stop([self.reading(day(1), day(5))], day(2, 7)) == day(2, 7)
