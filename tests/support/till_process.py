"""The till in a process of its own, to be killed: does its day's work, settles, ends.

python -m tests.support.till_process <database url> <log> <topic prefix>

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
from tests.support import purse, till
from tests.support.till import Till, account, open_filled

PURSES: Final = 30
DUE: Final = purse.NOW + timedelta(days=1)
SPENT: Final = sum(1 + n % 5 for n in range(PURSES))


async def perform(recorded: Recorded[Any], now: datetime) -> Sequence[Any]:
    return []


DESCRIBED: Final = till.service(effects=[Effect("note", purse.Postponed, perform)])


def log_at(place: str) -> EventLog:
    return PostgresLog(place) if "://" in place else KafkaLog(place)


async def main(database_url: str, log_place: str, prefix: str) -> None:
    log = log_at(log_place)
    shop = Till(database_url, log, described=DESCRIBED, topics=Topics(prefix))
    await shop.start()
    for n in range(PURSES):
        work = open_filled(f"P-{n}", 10, account(n), DUE)
        await shop.do(work, caller=purse.caller(f"open {n}"))
    for n in range(PURSES):
        work = purse.spend(f"P-{n}", 1 + n % 5)
        await shop.do(work, caller=purse.caller(f"spend {n}"))
    await shop.settle()
    shop.clock.move(DUE)
    shop.workers.wake()
    await shop.settle()
    await shop.stop()
    await log.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
