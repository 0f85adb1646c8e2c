"""Is the toy service: wallets, the safe their coins go to, and read models of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import sqlalchemy as sa
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.kernel.decider import AnyWork, Book, States, Work
from shared.kernel.envelope import Recorded
from shared.kernel.ids import NAMESPACE
from shared.platform.projector.port import Need, Projection, ReadModel, Rows
from shared.platform.reactor.port import Effect, Reaction
from shared.platform.service import Service
from shared.platform.store.schema import protection_of
from tests.support.toy import wallet
from tests.support.toy.routes import CurrencyMismatch, router

NAME: Final = "toy"
PUBLIC: Final = {"alerts": frozenset(("toy.wallet.postponed.v1",))}
POSTPONED_BY: Final = timedelta(days=30)
FAR: Final = wallet.NOW + timedelta(days=400)

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
        case wallet.Opened() | wallet.Filled():
            return event.coins
        case wallet.Spent():
            return -event.coins
        case _:
            return 0


def needs_coins(events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    return [Need(COINS, (e.tenant_id, e.stream_id)) for e in events]


def fold_coins(rows: Rows, events: Sequence[Recorded[Any]]) -> Rows:
    for e in events:
        if isinstance(e.event, wallet.Filled) and e.event.coins == 666:
            raise ArithmeticError("an unlucky number")
        row = rows.get(COINS, (e.tenant_id, e.stream_id))
        row = row or CoinsRow(e.tenant_id, e.stream_id, 0, 0, e.recorded_at)
        coins, changes = row.coins + coins_in(e.event), row.changes + 1
        rows.put(replace(row, coins=coins, changes=changes, changed_at=e.recorded_at))
    return rows


def needs_moves(events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    return [Need(MOVES, (e.tenant_id, e.stream_id)) for e in events]


def fold_moves(rows: Rows, events: Sequence[Recorded[Any]]) -> Rows:
    """Numbers moves per wallet; all of them go when the wallet is empty."""
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
    """Coins that left a wallet belong into the safe of that wallet."""

    book: Book
    wallet_id: UUID
    coins: int
    coins_seen: int  # In the wallet, when the command was given.


def safe_of(book: Book, wallet_id: UUID) -> Any:
    return wallet.safe.stream(book, str(wallet_id))


def put_away(command: PutAway) -> AnyWork:
    stream = safe_of(command.book, command.wallet_id)

    def decide(states: States) -> Sequence[Any]:
        opened = [] if states.of(stream) else [wallet.Opened(wallet.ACCOUNT, wallet.NOW)]
        return [wallet.change(stream, *opened, wallet.Filled(command.coins))]

    return Work((stream,), decide, wallet.answer(stream))


def when_coins_were_spent_put_them_away(recorded: Recorded[Any], facts: Any) -> Sequence[Any]:
    book = Book(recorded.tenant_id, recorded.legal_entity)
    return [PutAway(book, recorded.stream_id, recorded.event.coins, facts)]


async def ask_for_coins(connection: AsyncConnection, recorded: Recorded[Any]) -> int:
    found = await connection.execute(
        sa.select(COINS_TABLE.c.coins).where(COINS_TABLE.c.stream_id == recorded.stream_id)
    )
    return int(found.scalar_one())


def fire(kind: str, stream: UUID, timer: str, due_at: datetime) -> AnyWork:
    name = wallet.wallet.existing(stream)

    def decide(states: States) -> Sequence[Any]:
        state = states.of(name)
        if timer == "stay" or state is None or state.remind_at != due_at:
            return []
        return [wallet.change(name, wallet.Postponed(due_at + POSTPONED_BY))]

    return Work((name,), decide, wallet.answer(name))


def service(
    *, effects: Sequence[Effect] = (), reactions: Sequence[Reaction] | None = None
) -> Service:
    put = Reaction(
        "when_coins_were_spent_put_them_away",
        wallet.Spent,
        when_coins_were_spent_put_them_away,
        needs=("coins",),
        ask=ask_for_coins,
    )
    return Service(
        name=NAME,
        own=wallet.TYPES,
        subscribes_to={},
        public=PUBLIC,
        aggregates=[wallet.wallet, wallet.safe],
        fire=fire,
        handlers={PutAway: put_away},
        projections=[
            Projection("coins", [NAME], [COINS], needs_coins, fold_coins),
            Projection("moves", [NAME], [MOVES], needs_moves, fold_moves),
        ],
        reactions=[put] if reactions is None else reactions,
        effects=effects,
        routers=[router],
        problems={
            wallet.NumberAlreadyUsed: 409,
            wallet.TooFewCoins: 409,
            CurrencyMismatch: 422,
        },
    )


def bare_service() -> Service:
    """Gives the same without read models and reactions: it needs no table of its own."""
    return replace(service(reactions=[]), projections=[])


def metric(name: str, **labels: str) -> float:
    """Reads what this process tells of the service."""
    found = REGISTRY.get_sample_value(name, {"service": NAME, **labels})
    assert found is not None
    return found


def account(n: int) -> UUID:
    return uuid5(NAMESPACE, f"account {n}")


def open_filled(number: str, coins: int, account_id: UUID, remind_at: datetime) -> AnyWork:
    """Opens a wallet of some account, so that it lands in that account's partition."""
    name = wallet.stream(number)
    opened = wallet.Opened(account_id, remind_at)
    return wallet.write(name, opened, *([wallet.Filled(coins)] if coins else []))


def fill(number: str, coins: int, n: int = 0) -> AnyWork:
    """Opens a wallet whose timer is far away."""
    return open_filled(number, coins, account(n), FAR)
