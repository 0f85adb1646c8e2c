"""The toy domain of the tests: wallets of coins, with a reminder while coins are left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID, uuid5

from shared.kernel.decider import (
    Aggregate,
    AnyChange,
    AnyStream,
    AnyWork,
    Book,
    Caller,
    Change,
    PrivateRow,
    Rejected,
    States,
    Stream,
    Timer,
    Work,
    expect,
)
from shared.kernel.ids import NAMESPACE
from shared.platform.codec import Codec, to_json

TENANT: Final = UUID("00000000-0000-4000-8000-000000000001")
OTHER_TENANT: Final = UUID("00000000-0000-4000-8000-000000000002")
BOOK: Final = Book(TENANT, "CN01")
TODAY: Final = date(2026, 3, 2)
NOW: Final = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CORRELATION: Final = UUID("00000000-0000-4000-8000-00000000000c")
FIRST_ID: Final = 0x01990000_0000_7000_8000_000000000000


@dataclass(frozen=True)
class Opened:
    account_id: UUID
    remind_at: datetime
    coins: int = 0


@dataclass(frozen=True)
class Filled:
    coins: int


@dataclass(frozen=True)
class Spent:
    coins: int


@dataclass(frozen=True)
class Postponed:
    remind_at: datetime


@dataclass(frozen=True)
class Unheard:
    """Is no type of the codec."""


Event = Opened | Filled | Spent | Postponed


@dataclass(frozen=True)
class Wallet:
    account_id: UUID
    remind_at: datetime
    coins: int = 0


State = Wallet | None


class NumberAlreadyUsed(Rejected):
    pass


class TooFewCoins(Rejected):
    pass


def evolve(state: State, event: Event) -> State:
    match event:
        case Opened():
            return Wallet(event.account_id, event.remind_at, event.coins)
        case Filled():
            return replace(expect(state, Wallet), coins=expect(state, Wallet).coins + event.coins)
        case Spent():
            return replace(expect(state, Wallet), coins=expect(state, Wallet).coins - event.coins)
        case Postponed():
            return replace(expect(state, Wallet), remind_at=event.remind_at)


def timers(state: State) -> Sequence[Timer]:
    if state is None or state.coins == 0:
        return ()
    return [Timer("remind", state.remind_at)]


def account_of(event: Event) -> UUID | None:
    return event.account_id if isinstance(event, Opened) else None


ToyAggregate = Aggregate[State, Event]

wallet: Final[ToyAggregate] = Aggregate(
    "wallet", initial=None, evolve=evolve, account_of=account_of, timers=timers
)
# The same events under another kind, without an account: what must not be taken for a wallet.
safe: Final[ToyAggregate] = Aggregate(
    "safe", initial=None, evolve=evolve, account_of=lambda event: None
)

TYPES: Final[dict[str, type]] = {
    "toy.wallet.opened.v1": Opened,
    "toy.wallet.filled.v1": Filled,
    "toy.wallet.spent.v2": Spent,
    "toy.wallet.postponed.v1": Postponed,
}
CODEC: Final = Codec(TYPES)
ACCOUNT: Final = uuid5(NAMESPACE, "account")


def topics_of(name: str) -> Sequence[str]:
    return ("events", "public") if name == "toy.wallet.spent.v2" else ("events",)


def stream(number: str, book: Book = BOOK) -> Stream[State, Event]:
    return wallet.stream(book, number)


def answer(*streams: AnyStream) -> Callable[[States], bytes]:
    return lambda states: to_json(
        {"coins": [getattr(states.of(one), "coins", None) for one in streams]}
    )


def change(
    name: Stream[State, Event], *events: Event, ids: Sequence[UUID] = ()
) -> Change[State, Event]:
    return Change(name, events, TODAY, ids)


def write(
    name: Stream[State, Event],
    *events: Event,
    ids: Sequence[UUID] = (),
    private: Sequence[PrivateRow] = (),
) -> AnyWork:
    """Writes whatever is asked, without a rule."""
    return Work((name,), lambda states: [change(name, *events, ids=ids)], answer(name), private)


def open_wallet(number: str, coins: int = 0, book: Book = BOOK) -> AnyWork:
    name = stream(number, book)

    def decide(states: States) -> Sequence[AnyChange]:
        if states.of(name) is not None:
            raise NumberAlreadyUsed("/number")
        filled = [Filled(coins)] if coins else []
        return [change(name, Opened(ACCOUNT, NOW), *filled)]

    return Work((name,), decide, answer(name))


def spend(number: str, coins: int, book: Book = BOOK) -> AnyWork:
    return spend_from(stream(number, book), coins)


def spend_from(name: Stream[State, Event], coins: int) -> AnyWork:
    """Spends coins; does nothing when nothing is to be spent."""

    def decide(states: States) -> Sequence[AnyChange]:
        state = states.of(name)
        if state is None or state.coins < coins:
            raise TooFewCoins(coins=coins)
        return [change(name, Spent(coins))] if coins else []

    return Work((name,), decide, answer(name))


def move(source: str, target: str, coins: int) -> AnyWork:
    """Moves coins from one wallet to another; both change or none."""
    a, b = stream(source), stream(target)

    def decide(states: States) -> Sequence[AnyChange]:
        if expect(states.of(a), Wallet).coins < coins:
            raise TooFewCoins(coins=coins)
        return [change(a, Spent(coins)), change(b, Filled(coins))]

    return Work((a, b), decide, answer(a, b))


def caller(
    key: str | None = None, fingerprint: bytes = b"f", *, tenant_id: UUID = TENANT
) -> Caller:
    return Caller(tenant_id, "tester", NOW, CORRELATION, key=key, fingerprint=fingerprint)
