"""Effects of one service on a real PostgreSQL: what waits, and what is given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from shared.kernel.envelope import Recorded
from shared.platform.log.port import EventLog
from shared.platform.reactor.port import Effect, Unreachable
from tests.support.toy import wallet, wallets
from tests.support.toy.running import RunningToy

pytestmark = pytest.mark.connected


class TestEffects:
    async def test_wait_while_somebody_is_away_and_keep_the_order(
        self, url: str, log: EventLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.platform.reactor.effects.UNREACHABLE_REST_S", 0.05)
        performed: list[int] = []
        tries = 0

        async def perform(recorded: Recorded[Any], now: datetime) -> Sequence[Any]:
            nonlocal tries
            tries += 1
            if tries in (2, 3):
                raise Unreachable
            performed.append(recorded.event.coins)
            return [wallets.PutAway(wallet.BOOK, recorded.stream_id, recorded.event.coins, 0)]

        effect = Effect("mail", wallet.Spent, perform)
        toy = RunningToy(url, log, described=wallets.service(effects=[effect], reactions=[]))
        await toy.start()
        await toy.do(wallets.fill("P-1", 100))
        for coins in range(1, 31):
            await toy.do(wallet.spend("P-1", coins % 3 + 1))
        await toy.settle()
        assert performed == [coins % 3 + 1 for coins in range(1, 31)]
        safe = wallets.safe_of(wallet.BOOK, wallet.stream("P-1").id).id
        rows = await toy.rows(f"SELECT coins FROM coins WHERE stream_id = '{safe}'")
        assert rows[0].coins == sum(performed)
        await toy.stop()

    async def test_one_that_fails_for_ever_keeps_nobody_waiting(
        self, url: str, log: EventLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.platform.reactor.effects.UNREACHABLE_REST_S", 0.02)

        async def perform(recorded: Recorded[Any], now: datetime) -> Sequence[Any]:
            if recorded.event.coins == 3:
                raise PermissionError(13, "denied")
            return [wallets.PutAway(wallet.BOOK, recorded.stream_id, recorded.event.coins, 0)]

        def failed(recorded: Recorded[Any], reason: str) -> Sequence[Any]:
            assert reason == "PermissionError"
            return [wallets.PutAway(wallet.BOOK, recorded.stream_id, 100, 0)]

        effect = Effect("mail", wallet.Spent, perform, failed)
        described = wallets.service(effects=[effect], reactions=[])
        toy = RunningToy(url, log, described=described)
        await toy.start()
        await toy.do(*(wallets.fill(f"P-{n}", 10) for n in range(6)))
        await toy.do(*(wallet.spend(f"P-{n}", n) for n in range(1, 6)))
        await toy.settle()
        await toy.stop()
        again = RunningToy(url, log, described=described)
        await again.start()
        await again.settle()

        for coins in (1, 2, 100, 4, 5):
            n = 3 if coins == 100 else coins
            safe = wallets.safe_of(wallet.BOOK, wallet.stream(f"P-{n}").id).id
            rows = await again.rows(f"SELECT coins FROM coins WHERE stream_id = '{safe}'")
            assert [row.coins for row in rows] == [coins]
        await again.workers.measure()
        assert wallets.metric("duebook_effects_failed_total", effect="mail") >= 1
        assert wallets.metric("duebook_worker_halted_partitions", worker="effect:mail") == 0
        await again.stop()
