"""Effects of one service on a real PostgreSQL: what waits, and what is given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from shared.kernel.envelope import Recorded
from shared.platform.log.port import EventLog
from shared.platform.reactor.port import Effect, Unreachable
from tests.support import purse, till
from tests.support.till import Till

pytestmark = pytest.mark.connected


class TestEffects:
    async def test_wait_while_somebody_is_away_and_keep_the_order(
        self, url: str, log: EventLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.platform.reactor.runtime.UNREACHABLE_REST_S", 0.05)
        performed: list[int] = []
        tries = 0

        async def perform(recorded: Recorded[Any], now: datetime) -> Sequence[Any]:
            nonlocal tries
            tries += 1
            if tries in (2, 3):
                raise Unreachable
            performed.append(recorded.event.coins)
            return [till.PutAway(purse.BOOK, recorded.stream_id, recorded.event.coins, 0)]

        effect = Effect("mail", purse.Spent, perform)
        shop = Till(url, log, described=till.service(effects=[effect], reactions=[]))
        await shop.start()
        await shop.do(till.fill("P-1", 100))
        for coins in range(1, 31):
            await shop.do(purse.spend("P-1", coins % 3 + 1))
        await shop.settle()
        assert performed == [coins % 3 + 1 for coins in range(1, 31)]
        safe = till.safe_of(purse.BOOK, purse.stream("P-1").id).id
        rows = await shop.rows(f"SELECT coins FROM coins WHERE stream_id = '{safe}'")
        assert rows[0].coins == sum(performed)
        await shop.stop()

    async def test_one_that_fails_for_ever_keeps_nobody_waiting(
        self, url: str, log: EventLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.platform.reactor.runtime.UNREACHABLE_REST_S", 0.02)

        async def perform(recorded: Recorded[Any], now: datetime) -> Sequence[Any]:
            if recorded.event.coins == 3:
                raise PermissionError(13, "denied")
            return [till.PutAway(purse.BOOK, recorded.stream_id, recorded.event.coins, 0)]

        def failed(recorded: Recorded[Any], reason: str) -> Sequence[Any]:
            assert reason == "PermissionError"
            return [till.PutAway(purse.BOOK, recorded.stream_id, 100, 0)]

        effect = Effect("mail", purse.Spent, perform, failed)
        described = till.service(effects=[effect], reactions=[])
        shop = Till(url, log, described=described)
        await shop.start()
        await shop.do(*(till.fill(f"P-{n}", 10) for n in range(6)))
        await shop.do(*(purse.spend(f"P-{n}", n) for n in range(1, 6)))
        await shop.settle()
        await shop.stop()
        again = Till(url, log, described=described)
        await again.start()
        await again.settle()

        for coins in (1, 2, 100, 4, 5):
            n = 3 if coins == 100 else coins
            safe = till.safe_of(purse.BOOK, purse.stream(f"P-{n}").id).id
            rows = await again.rows(f"SELECT coins FROM coins WHERE stream_id = '{safe}'")
            assert [row.coins for row in rows] == [coins]
        await again.workers.measure()
        assert till.metric("duebook_effects_failed_total", effect="mail") >= 1
        assert till.metric("duebook_worker_halted_partitions", worker="effect:mail") == 0
        await again.stop()
