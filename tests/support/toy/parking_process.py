"""Runs the toy service with a poisoned reaction in a process of its own, to be killed.

python -m tests.support.toy.parking_process <database url> <log> <topic prefix> <poison, or 0>

Poisoned, it lives until its stream is parked and all else is settled; mended, until none is.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from shared.platform.service import Topics
from tests.support.toy import wallet, wallets
from tests.support.toy.poison import Poison, until
from tests.support.toy.process import log_at
from tests.support.toy.running import RunningToy
from tests.support.toy.wallets import account

WALLETS: Final = 8  # of two partitions
ROUNDS: Final = 3  # spendings of each
POISONED: Final = "P-3"
BAD: Final = 77  # coins, which it spends first


def spent(number: int, nth: int) -> int:
    """How many coins a wallet spends at the n-th time."""
    return BAD if f"P-{number}" == POISONED and nth == 0 else 1 + nth


async def main(database_url: str, log_place: str, prefix: str, poison: str) -> None:
    log = log_at(log_place)
    described = Poison(*filter(None, [int(poison)])).service()
    toy = RunningToy(database_url, log, described=described, topics=Topics(prefix))
    await toy.start()
    for n in range(WALLETS):
        work = wallets.open_filled(f"P-{n}", 100, account(n % 2), wallets.FAR)
        await toy.do(work, caller=wallet.caller(f"open {n}"))
    for nth in range(ROUNDS):
        for n in range(WALLETS):
            work = wallet.spend(f"P-{n}", spent(n, nth))
            await toy.do(work, caller=wallet.caller(f"spend {n} {nth}"))
    await toy.settle()
    await until(toy, lambda status: len(status.parked) == (1 if int(poison) else 0))
    await toy.settle()
    await toy.stop()
    await log.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
