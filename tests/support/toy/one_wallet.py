"""The history of one wallet on a log, and workers of a service that has not read it."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from shared.kernel.ids import PARTITIONS
from shared.platform.codec import Codec
from shared.platform.database.pools import Database
from shared.platform.leases import leases_sql
from shared.platform.log.memory import MemoryLog
from shared.platform.log.port import TopicPartition
from shared.platform.projector.port import Projection
from shared.platform.projector.runtime import Projector
from shared.platform.subscription import cursor_sql
from shared.platform.subscription.consumer import Batch, Cursors
from shared.platform.subscription.decoding import EventDecoder
from shared.platform.subscription.progress import ProjectionProgress
from tests.support.toy import wallet, wallets

TOPIC: Final = "duebook.toy.events.v1"
LEASE_S: Final = 3600.0  # nobody loses a lease unless the story says so
WAIT_S_MAX: Final = 20.0
SPENT: Final = 2
FILLED: Final = 7
CHANGES: Final = 3  # opened, filled, spent

COINS: Final = wallets.service().projections[0]


def without(statement: str, *conditions: str) -> str:
    """Takes conditions out of a statement: it forgets to ask."""
    flat = " ".join(statement.split())
    for condition in conditions:
        assert condition in flat
        flat = flat.replace(condition, "")
    return flat


async def until(ready: Any) -> None:
    """Waits for what happens at once; the limit is for when it does not."""
    async with asyncio.timeout(WAIT_S_MAX):
        while not await ready():  # noqa: ASYNC110 # the database notifies no signal
            await asyncio.sleep(0.005)


class Scene:
    """A log with the history of one wallet, and the database of a service that has not read it."""

    def __init__(self, database: Database, log: MemoryLog, at: TopicPartition) -> None:
        self.database = database
        self.log = log
        self.at = at

    @property
    def batch(self) -> Batch:
        return {self.at: self.log.records_of(self.at)}

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        connection = await self.database.own_connection("test")
        try:
            await connection.execute(f"SET app.tenants = '{{{wallet.TENANT}}}'")
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    async def coins(self) -> list[tuple[Any, ...]]:
        """Reads coins and changes of the wallet: what the projection made."""
        return await self.rows("SELECT coins, changes FROM coins")

    async def take_over(self, owner: str) -> Cursors:
        """Ends the lease of whoever had it; the next owner takes the partition."""
        connection = await self.database.own_connection(owner)
        worker, partition = COINS.name, self.at.partition
        try:
            await connection.execute(leases_sql.PREPARE_LEASES, [worker], PARTITIONS)
            await connection.execute(
                leases_sql.PREPARE_CURSORS, [worker], [self.at.topic], PARTITIONS
            )
            await connection.execute(
                "UPDATE es_lease SET lease_until = '-infinity' WHERE worker = $1", worker
            )
            async with connection.transaction():
                (taken,) = await connection.fetch(
                    leases_sql.ACQUIRE, owner, LEASE_S, [worker], [partition]
                )
                await connection.execute(
                    leases_sql.FENCE_CURSORS, [worker], [partition], [taken["epoch"]]
                )
            return await self.cursors(taken["epoch"])
        finally:
            await connection.close()

    async def cursors(self, epoch: int) -> Cursors:
        """Loads the cursors as a consumer does."""
        found = Cursors(COINS.name)
        found.epochs = {self.at.partition: epoch}
        connection = await self.database.own_connection("test")
        try:
            rows = await connection.fetch(cursor_sql.LOAD, COINS.name, [self.at.partition], [epoch])
        finally:
            await connection.close()
        found.positions = {
            TopicPartition(row["topic"], row["partition_no"]): row["next_offset"] for row in rows
        }
        return found

    def projector(self, kind: type[Projector] = Projector, *, of: Projection = COINS) -> Projector:
        return kind(
            wallets.NAME,
            of,
            database=self.database,
            decoder=EventDecoder(Codec(wallet.TYPES)),
            progress=ProjectionProgress(self.database),
            turns=asyncio.Semaphore(1),
        )


RIGHT: Final = [(FILLED - SPENT, CHANGES)]
TWICE: Final = [(2 * (FILLED - SPENT), 2 * CHANGES)]
