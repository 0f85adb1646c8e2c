"""The till in a process of its own, to be killed: does its day's work, settles, ends.

python -m tests.support.till_process <database url> <log url>
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from shared.kernel.envelope import Recorded
from shared.platform.log.postgres import PostgresLog
from shared.platform.reactor.port import Effect
from tests.support import purse, till
from tests.support.till import Till, account, open_filled

PURSES: Final = 30
DUE: Final = purse.NOW + timedelta(days=1)
SPENT: Final = sum(1 + n % 5 for n in range(PURSES))


async def perform(recorded: Recorded[Any]) -> Sequence[Any]:
    return []


DESCRIBED: Final = till.service(effects=[Effect("note", purse.Postponed, perform)])


async def main(database_url: str, log_url: str) -> None:
    log = PostgresLog(log_url)
    shop = Till(database_url, log, described=DESCRIBED)
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
