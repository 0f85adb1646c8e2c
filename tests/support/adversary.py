"""One of two processes that write as unpleasantly as they can, and relay what they wrote.

Run as a module: database URL, log URL, name, seed, seconds, file of answers. Every transaction
may take its number early, wait before it commits, or be thrown away after all is written.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID, uuid5

import asyncpg

from shared.kernel.decider import (
    Accepted,
    AnyChange,
    AnyWork,
    NotWritten,
    OutcomeUnknown,
    Overloaded,
    Rejected,
    States,
    Work,
)
from shared.kernel.ids import NAMESPACE, PARTITIONS
from shared.platform.clock import monotonic_s
from shared.platform.database.pools import Database
from shared.platform.leases.leases import Leases, Worker
from shared.platform.log.port import TopicSpec
from shared.platform.log.postgres import PostgresLog
from shared.platform.outbox import relay
from shared.platform.outbox.relay import Relay
from shared.platform.signals import Signal
from shared.platform.store.port import Conflict
from shared.platform.store.postgres import PostgresStore, PostgresTransaction
from shared.platform.store.writer import Writer
from tests.support.toy import wallet

TOPICS: Final = [TopicSpec(name, PARTITIONS, -1) for name in ("events", "public")]
WALLETS: Final = 40
NEW_WALLETS: Final = 4_000  # numbers that both processes open, whoever is first
COINS: Final = 10_000  # in each wallet at the beginning
TOO_MANY: Final = 10**9
WRITERS: Final = 2  # of one process
CLIENTS: Final = 12  # of one process
WORKS_MAX: Final = 6  # of one transaction: many small ones meet more often
LEASE_TTL_S: Final = 1.0
REJECTED_SHARE: Final = 0.10
THROWN_AWAY_SHARE: Final = 0.05
EARLY_SHARE: Final = 0.5
DELAY_S_MAX: Final = 0.004
RIVAL_S_MAX: Final = 0.15
DRAIN_S_MAX: Final = 30.0


class Dawdling(PostgresTransaction):
    """Makes the writer's transaction take its time where it hurts."""

    chance: random.Random

    async def begin(self, tenants: Collection[UUID]) -> None:
        await super().begin(tenants)
        if self.chance.random() < EARLY_SHARE:
            await self._connection.execute("SELECT pg_current_xact_id()")
            await self._dawdle()

    async def _commit(self, xid: str) -> None:
        await self._dawdle()
        if self.chance.random() < THROWN_AWAY_SHARE:
            raise Conflict
        await super()._commit(xid)

    async def _dawdle(self) -> None:
        await asyncio.sleep(self.chance.random() * DELAY_S_MAX)


class DawdlingStore(PostgresStore):
    def __init__(self, database: Database, chance: random.Random) -> None:
        super().__init__(database)
        self._chance = chance

    async def transaction(self) -> Dawdling:
        plain = await super().transaction()
        dawdling = Dawdling(plain._database, plain._connection, plain._notifier)
        dawdling.chance = self._chance
        return dawdling


class Request(NamedTuple):
    key: str
    work: AnyWork


def account_of(n: int) -> UUID:
    return uuid5(NAMESPACE, f"account {n}")


def number_of(n: int) -> str:
    return f"P-{n}"


def open_wallet(number: str, account_id: UUID, coins: int) -> AnyWork:
    """Opens a wallet; is refused when somebody was faster."""
    name = wallet.stream(number)

    def decide(states: States) -> Sequence[AnyChange]:
        if states.of(name) is not None:
            raise wallet.NumberAlreadyUsed
        return [wallet.change(name, wallet.Opened(account_id, wallet.NOW), wallet.Filled(coins))]

    return Work((name,), decide, wallet.answer(name))


def share_out(numbers: Sequence[str], coins: int) -> AnyWork:
    """Shares out coins of the first wallet into the others, or away where there is none."""
    source, *targets = [wallet.stream(number) for number in numbers]

    def decide(states: States) -> Sequence[AnyChange]:
        state = states.of(source)
        if state is None or state.coins < coins * max(1, len(targets)):
            raise wallet.TooFewCoins(coins=coins)
        spent = wallet.Spent(coins * max(1, len(targets)))
        filled = [wallet.change(target, wallet.Filled(coins)) for target in targets]
        return [wallet.change(source, spent), *filled]

    return Work((source, *targets), decide, wallet.answer(source))


class Clients:
    """Submits works until a signal stops it; repeats each under its key until it is answered."""

    def __init__(self, name: str, seed: int, writers: Sequence[Writer]) -> None:
        self._name = name
        self._chance = random.Random(seed)
        self._writers = writers
        self._made = 0
        self.answers: list[dict[str, object]] = []
        self.repetitions = 0
        self.stopping = False

    async def run(self) -> None:
        await asyncio.gather(*(self._client() for _ in range(CLIENTS)))

    async def _client(self) -> None:
        while not self.stopping:
            request = self._request()
            self.answers.append({"key": request.key, **await self._answer(request)})
            await asyncio.sleep(self._chance.random() * DELAY_S_MAX)

    def _request(self) -> Request:
        self._made += 1
        key = f"{self._name}-{self._made}"
        if self._chance.random() < 0.1:
            n = self._chance.randrange(NEW_WALLETS)
            return Request(key, open_wallet(f"N-{n}", account_of(n), 1))
        chosen = self._chance.sample(range(WALLETS), self._chance.choice([1, 1, 1, 2, 3]))
        refused = self._chance.random() < REJECTED_SHARE
        coins = TOO_MANY if refused else self._chance.randint(1, 3)
        return Request(key, share_out([number_of(n) for n in chosen], coins))

    async def _answer(self, request: Request) -> dict[str, object]:
        while True:  # Until there is an answer; the parent bounds the whole.
            writer = self._chance.choice(self._writers)
            try:
                accepted: Accepted = await writer.submit(request.work, wallet.caller(request.key))
            except Rejected as no:
                return {"refused": type(no).__name__}
            except (NotWritten, OutcomeUnknown, Overloaded):
                self.repetitions += 1
                await asyncio.sleep(0.01)
                continue
            return {"versions": {str(s): v for s, v in accepted.versions.items()}}


async def be_a_rival(database: Database, chance: random.Random) -> None:
    """Opens somebody else's transactions: numbered early, open for long, of no interest to us."""
    while True:  # Until cancelled.
        connection = None
        try:
            connection = await database.own_connection("rival")
            while True:
                async with connection.transaction():
                    await connection.execute("SELECT pg_current_xact_id()")
                    await asyncio.sleep(chance.random() * RIVAL_S_MAX)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(DELAY_S_MAX)
        finally:
            if connection is not None:
                connection.terminate()


async def drained(database: Database) -> None:
    """Waits until nothing waits for the relays, of this process and the other."""
    end_s = monotonic_s() + DRAIN_S_MAX
    connection = await database.own_connection("drain")
    try:
        while await connection.fetchval("SELECT count(*) FROM es_outbox"):
            if monotonic_s() > end_s:
                raise TimeoutError("the outbox does not get empty")
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def attack(
    database_url: str, log_url: str, name: str, seed: int, seconds: float, answers: Path
) -> None:
    database, log, committed = Database(database_url), PostgresLog(log_url), Signal()
    stores = [DawdlingStore(database, random.Random(seed * 10 + n)) for n in range(WRITERS)]
    writers = [
        Writer(store, wallet.CODEC, wallet.topics_of, committed.notify, works_max=WORKS_MAX)
        for store in stores
    ]
    leases = Leases(
        database, "test", [Worker(relay.WORKER, ())], partitions=PARTITIONS, instance=name,
        ttl_s=LEASE_TTL_S,
    )  # fmt: skip
    publisher = Relay(
        "test", database=database, log=log, leases=leases, committed=committed, published=Signal()
    )
    await log.verify(TOPICS)
    leases.start()
    publishing = asyncio.create_task(publisher.run())
    rival = asyncio.create_task(be_a_rival(database, random.Random(seed)))
    for writer in writers:
        writer.start()
    clients = Clients(name, seed, writers)
    running = asyncio.create_task(clients.run())
    await asyncio.sleep(seconds)
    clients.stopping = True
    await running
    for writer in writers:
        await writer.close()
    rival.cancel()
    said = {"answers": clients.answers, "repetitions": clients.repetitions}
    await asyncio.to_thread(answers.write_text, json.dumps(said))
    await drained(database)
    publisher.stop()
    await publishing
    await leases.stop()
    for store in stores:
        await store.close()
    await log.close()
    await database.close()


def main(arguments: Sequence[str]) -> None:
    database_url, log_url, name, seed, seconds, answers = arguments
    asyncio.run(attack(database_url, log_url, name, int(seed), float(seconds), Path(answers)))


if __name__ == "__main__":
    main(sys.argv[1:])
