"""Runs the toy service in a process of its own, to be killed: works, settles, ends.

python -m tests.support.toy.process <database url> <log> <topic prefix>

The log is a database, or Kafka brokers as host:port.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from shared.kernel.envelope import Recorded
from shared.platform.log.kafka import KafkaLog
from shared.platform.log.port import EventLog
from shared.platform.log.postgres import PostgresLog
from shared.platform.reactor.port import Effect
from shared.platform.service import Topics
from tests.support.toy import wallet, wallets
from tests.support.toy.running import RunningToy
from tests.support.toy.wallets import account, open_filled

WALLETS: Final = 30
ROUND: Final = 6  # spendings that are settled together, so that a worker comes to a point so often
DUE: Final = wallet.NOW + timedelta(days=1)
SPENT: Final = sum(1 + n % 5 for n in range(WALLETS))


async def perform(recorded: Recorded[Any], now: datetime) -> Sequence[Any]:
    return []


DESCRIBED: Final = wallets.service(effects=[Effect("note", wallet.Postponed, perform)])


def log_at(place: str) -> EventLog:
    return PostgresLog(place) if "://" in place else KafkaLog(place)


async def main(database_url: str, log_place: str, prefix: str) -> None:
    log = log_at(log_place)
    toy = RunningToy(database_url, log, described=DESCRIBED, topics=Topics(prefix))
    await toy.start()
    for n in range(WALLETS):
        work = open_filled(f"P-{n}", 10, account(n), DUE)
        await toy.do(work, caller=wallet.caller(f"open {n}"))
    for n in range(WALLETS):
        work = wallet.spend(f"P-{n}", 1 + n % 5)
        await toy.do(work, caller=wallet.caller(f"spend {n}"))
        if n % ROUND == ROUND - 1:  # Else a slow log gives a worker all of it at once.
            await toy.settle()
    toy.clock.move(DUE)
    toy.workers.wake()
    await toy.settle()
    await toy.stop()
    await log.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
