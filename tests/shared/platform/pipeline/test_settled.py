"""Who waits for the work of a service looks when there is something to see, and not before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pytest

from shared.platform.clock import monotonic_s
from shared.platform.log.port import EventLog
from tests.support.toy import wallet, wallets
from tests.support.toy.running import RunningToy

pytestmark = pytest.mark.connected
SOON_S: Final = 10.0


class TestSettled:
    async def test_is_told_when_the_workers_fall_silent(
        self, toy: RunningToy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.platform.hosting.workers.LOOK_S", SOON_S)
        await toy.settle()
        started_s = monotonic_s()
        await toy.do(*(wallets.fill(f"P-{n}", 10, n) for n in range(9)))
        await toy.do(*(wallet.spend(f"P-{n}", 4) for n in range(9)))
        status = await toy.workers.settled(2 * SOON_S, lambda: False)
        assert status.is_settled
        assert sum(status.end_offsets[toy.topics.events_of(wallets.NAME)]) == 5 * 9
        assert monotonic_s() - started_s < SOON_S / 2

    async def test_asks_the_log_no_more_while_what_it_knew_is_not_done(
        self, url: str, log: EventLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        idle = RunningToy(url, log)
        await idle.start(at_work=False)
        await idle.do(wallets.fill("P-1", 10))
        looks, questions = 0, 0
        ask, fetch = log.ends, idle.workers._status

        async def counted_ends(topics: Sequence[str]) -> Any:
            nonlocal questions
            questions += 1
            return await ask(topics)

        async def counted_looks(known: Any) -> Any:
            nonlocal looks
            looks += 1
            return await fetch(known)

        monkeypatch.setattr(log, "ends", counted_ends)
        monkeypatch.setattr(idle.workers, "_status", counted_looks)
        status = await idle.workers.settled(0.5, lambda: False)
        assert (status.outbox, status.is_settled) == (2, False)
        assert looks > questions == 1
        await idle.stop()

    async def test_gives_up_when_asked_to(self, url: str, log: EventLog) -> None:
        idle = RunningToy(url, log)
        await idle.start(at_work=False)
        await idle.do(wallets.fill("P-1", 10))
        assert not (await idle.workers.settled(60.0, lambda: True)).is_settled
        await idle.stop()
