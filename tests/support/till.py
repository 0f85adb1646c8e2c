"""A small service on the pipeline: purses, the safe their coins go to, and read models of both."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import sqlalchemy as sa
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.kernel.decider import Accepted, AnyWork, Book, Caller, States, Work
from shared.kernel.envelope import Recorded
from shared.kernel.ids import NAMESPACE
from shared.platform.clock import monotonic_s
from shared.platform.database.pools import Database
from shared.platform.hosting.workers import Workers
from shared.platform.log.port import EventLog, LogRecord, TopicPartition
from shared.platform.projector.port import Need, Projection, ReadModel, Rows
from shared.platform.reactor.port import Effect, Reaction
from shared.platform.service import Service, Topics
from shared.platform.signals import Signal
from shared.platform.store.postgres import PostgresStore
from shared.platform.store.schema import protection_of
from shared.platform.store.writer import Writer
from tests.support import purse

NAME: Final = "ledger"
TYPES: Final[dict[str, type]] = {
    "ledger.purse.opened.v1": purse.Opened,
    "ledger.purse.filled.v1": purse.Filled,
    "ledger.purse.spent.v1": purse.Spent,
    "ledger.purse.postponed.v1": purse.Postponed,
}
PUBLIC: Final = frozenset(("ledger.purse.postponed.v1",))
POSTPONED_BY: Final = timedelta(days=30)
SETTLE_S_MAX: Final = 30.0
FAR: Final = purse.NOW + timedelta(days=400)

metadata: Final = sa.MetaData()
COINS_TABLE: Final = sa.Table(
    "coins",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("stream_id", sa.Uuid, primary_key=True),
    sa.Column("coins", sa.BigInteger, nullable=False),
    sa.Column("changes", sa.Integer, nullable=False),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
)
MOVES_TABLE: Final = sa.Table(
    "moves",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("stream_id", sa.Uuid, primary_key=True),
    sa.Column("nth", sa.Integer, primary_key=True),
    sa.Column("coins", sa.BigInteger, nullable=False),
    sa.Column("note", sa.Text),
)
STATEMENTS: Final = (
    """CREATE TABLE coins (tenant_id uuid, stream_id uuid, coins bigint NOT NULL,
       changes integer NOT NULL, changed_at timestamptz NOT NULL,
       PRIMARY KEY (tenant_id, stream_id))""",
    """CREATE TABLE moves (tenant_id uuid, stream_id uuid, nth integer, coins bigint NOT NULL,
       note text, PRIMARY KEY (tenant_id, stream_id, nth))""",
    *protection_of("coins"),
    *protection_of("moves"),
)


@dataclass(frozen=True)
class CoinsRow:
    tenant_id: UUID
    stream_id: UUID
    coins: int
    changes: int
    changed_at: datetime


@dataclass(frozen=True)
class MoveRow:
    tenant_id: UUID
    stream_id: UUID
    nth: int
    coins: int
    note: str | None


COINS: Final = ReadModel(COINS_TABLE, CoinsRow)
MOVES: Final = ReadModel(MOVES_TABLE, MoveRow)


def coins_in(event: Any) -> int:
    match event:
        case purse.Filled():
            return event.coins
        case purse.Spent():
            return -event.coins
        case _:
            return 0


def needs_coins(events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    return [Need(COINS, (e.tenant_id, e.stream_id)) for e in events]


def fold_coins(rows: Rows, events: Sequence[Recorded[Any]]) -> Rows:
    for e in events:
        if isinstance(e.event, purse.Filled) and e.event.coins == 666:
            raise ArithmeticError("an unlucky number")
        row = rows.get(COINS, (e.tenant_id, e.stream_id))
        row = row or CoinsRow(e.tenant_id, e.stream_id, 0, 0, e.recorded_at)
        coins, changes = row.coins + coins_in(e.event), row.changes + 1
        rows.put(replace(row, coins=coins, changes=changes, changed_at=e.recorded_at))
    return rows


def needs_moves(events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    return [Need(MOVES, (e.tenant_id, e.stream_id)) for e in events]


def fold_moves(rows: Rows, events: Sequence[Recorded[Any]]) -> Rows:
    """Numbered per purse; all of them go when the purse is empty."""
    for e in events:
        if not (coins := coins_in(e.event)):
            continue
        known = rows.below(MOVES, (e.tenant_id, e.stream_id))
        note = type(e.event).__name__ if coins > 0 else None
        rows.put(MoveRow(e.tenant_id, e.stream_id, len(known) + 1, coins, note))
        if sum(move.coins for move in known) + coins == 0:
            for move in [*known, MoveRow(e.tenant_id, e.stream_id, len(known) + 1, 0, None)]:
                rows.drop(MOVES, (move.tenant_id, move.stream_id, move.nth))
    return rows


@dataclass(frozen=True)
class PutAway:
    """Coins that left a purse belong into the safe of that purse."""

    book: Book
    purse_id: UUID
    coins: int
    coins_seen: int  # In the purse, when the wish was made.


def safe_of(book: Book, purse_id: UUID) -> Any:
    return purse.safe.stream(book, str(purse_id))


def put_away(command: PutAway) -> AnyWork:
    stream = safe_of(command.book, command.purse_id)

    def decide(states: States) -> Sequence[Any]:
        opened = [] if states.of(stream) else [purse.Opened(purse.ACCOUNT, purse.NOW)]
        return [purse.change(stream, *opened, purse.Filled(command.coins))]

    return Work((stream,), decide, purse.answer(stream))


def when_coins_were_spent_put_them_away(recorded: Recorded[Any], facts: Any) -> Sequence[Any]:
    book = Book(recorded.tenant_id, recorded.legal_entity)
    return [PutAway(book, recorded.stream_id, recorded.event.coins, facts)]


async def ask_for_coins(connection: AsyncConnection, recorded: Recorded[Any]) -> int:
    found = await connection.execute(
        sa.select(COINS_TABLE.c.coins).where(COINS_TABLE.c.stream_id == recorded.stream_id)
    )
    return int(found.scalar_one())


def fire(kind: str, stream: UUID, timer: str, due_at: datetime) -> AnyWork:
    name = purse.purse.existing(stream)

    def decide(states: States) -> Sequence[Any]:
        state = states.of(name)
        if timer == "stay" or state is None or state.remind_at != due_at:
            return []
        return [purse.change(name, purse.Postponed(due_at + POSTPONED_BY))]

    return Work((name,), decide, purse.answer(name))


def service(
    *, effects: Sequence[Effect] = (), reactions: Sequence[Reaction] | None = None
) -> Service:
    put = Reaction(
        "when_coins_were_spent_put_them_away",
        purse.Spent,
        when_coins_were_spent_put_them_away,
        needs=("coins",),
        ask=ask_for_coins,
    )
    return Service(
        name=NAME,
        own=TYPES,
        heard={},
        public=PUBLIC,
        aggregates=[purse.purse, purse.safe],
        fire=fire,
        handlers={PutAway: put_away},
        projections=[
            Projection("coins", [NAME], [COINS], needs_coins, fold_coins),
            Projection("moves", [NAME], [MOVES], needs_moves, fold_moves),
        ],
        reactions=[put] if reactions is None else reactions,
        effects=effects,
        routers=[],
        problems={},
    )


class SetClock:
    """A domain clock that a test moves."""

    is_manual = True

    def __init__(self, now: datetime) -> None:
        self._now = now

    async def now(self) -> datetime:
        return self._now

    def move(self, to: datetime) -> None:
        self._now = to


class Till:
    """The service at work in this process."""

    def __init__(
        self,
        database_url: str,
        log: EventLog,
        *,
        instance: str | None = None,
        lease_ttl_s: float = 3.0,
        described: Service | None = None,
        topics: Topics | None = None,
    ) -> None:
        self.service = described or service()
        self.topics = topics or Topics()
        self.log = log
        self.database = Database(database_url)
        self.store = PostgresStore(self.database)
        self.clock = SetClock(purse.NOW)
        self.committed = Signal()
        self.writer = Writer(
            self.store,
            self.service.codec(),
            self.service.topics_of(self.topics),
            self.committed.notify,
        )
        self.workers = Workers(
            self.service,
            database=self.database,
            log=log,
            store=self.store,
            writer=self.writer,
            clock=self.clock,
            topics=self.topics,
            committed=self.committed,
            instance=instance,
            lease_ttl_s=lease_ttl_s,
        )

    async def start(self, *, at_work: bool = True) -> None:
        await self.log.create(self.topics.all())
        self.writer.start()
        if at_work:
            await self.workers.start()

    async def stop(self) -> None:
        await self.workers.stop()
        await self.writer.close()
        await self.store.close()
        await self.database.close()

    async def do(self, *works: AnyWork, caller: Caller | None = None) -> list[Accepted]:
        by = caller or purse.caller()
        return await asyncio.gather(*(self.writer.submit(work, by) for work in works))

    async def settle(self, timeout_s: float = SETTLE_S_MAX) -> None:
        """Nothing to do, seen twice with the same ends."""
        end_s, before = monotonic_s() + timeout_s, None
        while True:
            status = await self.workers.status()
            if status.is_settled and status.end_offsets == before:
                return
            before = status.end_offsets if status.is_settled else None
            if monotonic_s() > end_s:
                raise TimeoutError(str(status))
            await asyncio.sleep(0.01)

    async def rows(self, statement: str) -> list[Any]:
        async with self.database.bound([purse.TENANT, purse.OTHER_TENANT]) as connection:
            return list((await connection.execute(sa.text(statement))).all())


def metric(name: str, **labels: str) -> float:
    """What this process tells of the service."""
    found = REGISTRY.get_sample_value(name, {"service": NAME, **labels})
    assert found is not None
    return found


def account(n: int) -> UUID:
    return uuid5(NAMESPACE, f"account {n}")


def open_filled(number: str, coins: int, account_id: UUID, remind_at: datetime) -> AnyWork:
    """A purse of some account, so that it lands in that account's partition."""
    name = purse.stream(number)
    opened = purse.Opened(account_id, remind_at)
    return purse.write(name, opened, *([purse.Filled(coins)] if coins else []))


def fill(number: str, coins: int, n: int = 0) -> AnyWork:
    """Whose timer is far away."""
    return open_filled(number, coins, account(n), FAR)


async def all_records(log: EventLog, topic: str) -> list[tuple[TopicPartition, LogRecord]]:
    reader = log.reader("check")
    found: list[tuple[TopicPartition, LogRecord]] = []
    for partition, end in enumerate(await log.end_offsets(topic)):
        at, position = TopicPartition(topic, partition), 0
        while position < end:
            records = (await reader.fetch({at: position}, 1000, SETTLE_S_MAX))[at]
            found += [(at, record) for record in records]
            position += len(records)
    await reader.close()
    return found
