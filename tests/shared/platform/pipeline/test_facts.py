"""Reactions that ask read models: whoever has to wait for an answer keeps nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import pytest

from shared.kernel.envelope import Recorded
from shared.kernel.ids import partition_of
from shared.platform.clock import monotonic_s
from shared.platform.log.port import EventLog
from shared.platform.reactor.port import Reaction
from tests.support.toy import wallet, wallets
from tests.support.toy.running import RunningToy
from tests.support.toy.wallets import account

pytestmark = pytest.mark.connected
SOON_S: Final = 10.0


async def halt_coins(toy: RunningToy, partition: int) -> None:
    """As the projector does when it cannot take an event; who owns the partition is fenced."""
    async with toy.database.unbound() as connection:
        await connection.exec_driver_sql(
            "UPDATE es_cursor SET state = 'halted'"
            f" WHERE worker = 'coins' AND partition_no = {partition}"
        )


class TestReactions:
    async def test_go_on_where_the_read_model_of_another_partition_stands_still(
        self, url: str, log: EventLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Seen: one halted partition of one read model kept all reactions of a service waiting."""
        monkeypatch.setattr("shared.platform.reactor.facts.WAIT_S_MAX", 0.5)
        seen: list[UUID] = []

        def react(recorded: Recorded[Any], facts: Any) -> Sequence[Any]:
            seen.append(recorded.stream_id)
            return []

        reaction = Reaction(
            "look", wallet.Spent, react, needs=("coins",), ask=wallets.ask_for_coins
        )
        toy = RunningToy(url, log, described=wallets.service(reactions=[reaction]))
        await toy.start()
        stands = next(n for n in range(50) if partition_of(account(n)) != partition_of(account(0)))
        await toy.do(wallets.fill("goes", 10, 0), wallets.fill("stands", 10, stands))
        await toy.settle()
        await halt_coins(toy, partition_of(account(stands)))

        for n in range(3):
            await toy.do(wallet.spend("goes", 1), wallet.spend("stands", 1))
            end_s = monotonic_s() + SOON_S
            while seen.count(wallet.stream("goes").id) <= n:
                assert monotonic_s() < end_s
                await asyncio.sleep(0.02)
        assert seen == [wallet.stream("goes").id] * 3
        await toy.stop()

        mended = RunningToy(url, log, described=wallets.service(reactions=[reaction]))
        async with mended.database.unbound() as connection:
            await connection.exec_driver_sql("UPDATE es_cursor SET state = 'running'")
        await mended.start()
        await mended.settle()
        assert seen[3:] == [wallet.stream("stands").id] * 3
        await mended.stop()
