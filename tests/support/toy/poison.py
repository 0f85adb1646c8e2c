"""A reaction of the toy service that cannot take some events, until it is mended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from shared.kernel.envelope import Recorded
from shared.platform.clock import monotonic_s
from shared.platform.log.port import EventLog
from shared.platform.reactor.port import Reaction
from shared.platform.service import Service
from shared.platform.subscription.work_status import WorkStatus
from tests.support.toy import wallet, wallets
from tests.support.toy.running import RunningToy

ONE_PARTITION: Final = 7  # Of all wallets here: the number of their account.
WALLETS: Final = 9
BAD: Final = 5  # coins; the wallet P-4 spends them
SOON_S: Final = 20.0


class Poison:
    """Fails for spendings of these amounts, for ever; what else is spent is put away."""

    def __init__(self, *coins: int) -> None:
        self.coins = set(coins)

    def react(self, recorded: Recorded[Any], facts: Any) -> Sequence[Any]:
        if recorded.event.coins in self.coins:
            raise ZeroDivisionError(f"{recorded.event.coins} coins")
        return [wallets.PutAway(wallet.BOOK, recorded.stream_id, recorded.event.coins, 0)]

    def service(self) -> Service:
        return wallets.service(reactions=[Reaction("put_away", wallet.Spent, self.react)])


async def put_away(toy: RunningToy, number: str) -> list[int]:
    """Reads what came into the safe of a wallet, in order."""
    safe = wallets.safe_of(wallet.BOOK, wallet.stream(number).id).id
    rows = await toy.rows(
        "SELECT (data ->> 'coins')::int AS coins FROM es_event_readable"
        f" WHERE stream_id = '{safe}' AND type LIKE '%filled%' ORDER BY version"
    )
    return [row.coins for row in rows]


async def until(toy: RunningToy, ready: Callable[[WorkStatus], bool]) -> WorkStatus:
    """Waits until the status is so."""
    end_s = monotonic_s() + SOON_S
    while not ready(status := await toy.workers.status()):
        assert monotonic_s() < end_s, status
        await asyncio.sleep(0.02)
    return status


async def spend_all(toy: RunningToy) -> None:
    """Fills wallets of one partition, and spends of each another amount."""
    await toy.do(*(wallets.fill(f"P-{n}", 100, ONE_PARTITION) for n in range(WALLETS)))
    await toy.do(*(wallet.spend(f"P-{n}", n + 1) for n in range(WALLETS)))


async def started(url: str, log: EventLog, poison: Poison, **more: Any) -> RunningToy:
    toy = RunningToy(url, log, described=poison.service(), **more)
    await toy.start()
    return toy


async def parked_with_more(url: str, log: EventLog) -> RunningToy:
    """One stream is parked, and three more events of it wait."""
    toy = await started(url, log, Poison(BAD))
    await spend_all(toy)
    await until(toy, lambda status: len(status.parked) == 1)
    for coins in (11, 12, 13):
        await toy.do(wallet.spend("P-4", coins))
    await toy.settle()
    return toy
