"""What a writer decides with snapshots is what it decides without them, only sooner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.decider import Accepted, Aggregate, AnyWork, Caller, CorruptHistory, Rejected
from shared.kernel.ids import derived
from shared.platform.store import snapshots as snapshots_module
from shared.platform.store.memory import MemoryStore, MemoryTransaction
from shared.platform.store.port import NewSnapshot, StoredSnapshot, TailEvent
from shared.platform.store.writer import Writer
from tests.support.toy import wallet
from tests.support.toy.wallet import CODEC, OTHER_TENANT, caller, topics_of

A: Final = wallet.stream("a").id
EVERY: Final = 4  # events that are worth a snapshot


class WatchedStore(MemoryStore):
    """Counts what loads cost, and fails to keep a snapshot when asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.tail_events = 0
        self.asked: list[Collection[UUID]] = []  # For snapshots.
        self.problem: Exception | None = None
        self.is_slow = asyncio.Event()
        self.is_slow.set()

    async def transaction(self) -> MemoryTransaction:
        return WatchedTransaction(self)

    async def keep_snapshot(self, snapshot: NewSnapshot) -> None:
        await self.is_slow.wait()
        if self.problem is not None:
            raise self.problem
        await super().keep_snapshot(snapshot)


class WatchedTransaction(MemoryTransaction):
    def __init__(self, store: WatchedStore) -> None:
        super().__init__(store)
        self._watched = store

    async def tails(self, after: Mapping[UUID, int]) -> Sequence[TailEvent]:
        found = list(await super().tails(after))
        self._watched.tail_events += len(found)
        return found

    async def snapshots(self, fingerprints: Mapping[UUID, bytes]) -> Iterable[StoredSnapshot]:
        self._watched.asked.append(list(fingerprints))
        return await super().snapshots(fingerprints)


def writer_of(store: MemoryStore, *aggregates: Aggregate[Any, Any], **named: Any) -> Writer:
    every = {"tail_events_min": EVERY, **named}
    return Writer(store, CODEC, topics_of, aggregates=aggregates or (wallet.wallet,), **every)


@asynccontextmanager
async def running(writer: Writer) -> Any:
    writer.start()
    try:
        yield writer
    finally:
        await writer.close()


async def do(store: MemoryStore, *works: AnyWork, **named: Any) -> list[Accepted]:
    """In a process of its own, which remembers nothing and has written its snapshots at last."""
    async with running(writer_of(store, **named)) as writer:
        return [await writer.submit(work, caller()) for work in works]


@pytest.fixture
def store() -> WatchedStore:
    return WatchedStore()


async def with_snapshot(store: WatchedStore) -> NewSnapshot:
    """Wallet a with six events and 20 coins, of which a snapshot knows the first four."""
    await do(store, wallet.open_wallet("a", 25), *(wallet.spend("a", 1) for _ in range(2)))
    await do(store, wallet.spend("a", 3), wallet.spend("a", 0))
    await do(store, wallet.write(wallet.stream("a"), wallet.Filled(0)))
    store.tail_events = 0
    store.asked.clear()
    assert store.snapshots[A].version == EVERY
    return store.snapshots[A]


class TestLongStream:
    async def test_gets_a_snapshot_when_it_has_come_past_so_many_versions(
        self, store: WatchedStore
    ) -> None:
        async with running(writer_of(store)) as writer:
            await writer.submit(wallet.open_wallet("a", 5), caller())
            await writer.submit(wallet.spend("a", 1), caller())
        assert store.snapshots == {}
        await do(store, wallet.write(wallet.stream("a"), *[wallet.Filled(1)] * 3))
        snapshot = store.snapshots[A]
        assert (snapshot.version, snapshot.tenant_id) == (6, wallet.TENANT)
        assert snapshot.event_id == store.events_of(A)[-1].id

    async def test_gets_one_when_its_tail_had_to_be_folded(self, store: WatchedStore) -> None:
        await do(store, wallet.open_wallet("a", 5), *(wallet.spend("a", 1) for _ in range(3)))
        store.snapshots.clear()
        with pytest.raises(wallet.TooFewCoins):
            await do(store, wallet.spend("a", 9))
        assert store.snapshots[A].version == 5
        assert store.snapshots[A].event_id == store.events_of(A)[-1].id

    async def test_is_loaded_from_it_and_the_events_after_it(self, store: WatchedStore) -> None:
        await with_snapshot(store)
        [accepted] = await do(store, wallet.spend("a", 1))
        assert (accepted.answer, accepted.version) == (b'{"coins":[19]}', 7)
        assert (store.tail_events, store.asked) == (2, [[A]])

    async def test_keeps_its_timers(self, store: WatchedStore) -> None:
        await with_snapshot(store)
        before = dict(store.timers)
        await do(store, wallet.spend("a", 1))
        assert store.timers == before
        await do(store, wallet.spend("a", 19))
        assert store.timers == {}


class TestShortStream:
    async def test_asks_for_no_snapshot(self, store: WatchedStore) -> None:
        await do(store, wallet.open_wallet("a", 5))
        await do(store, wallet.spend("a", 1))
        assert (store.asked, store.snapshots, store.tail_events) == ([], {}, 2)

    async def test_asks_for_none_when_only_a_little_is_new(self, store: WatchedStore) -> None:
        await with_snapshot(store)
        async with running(writer_of(store)) as writer:
            await writer.submit(wallet.spend("a", 1), caller())
            await do(store, wallet.spend("a", 1))
            store.asked.clear()
            accepted = await writer.submit(wallet.spend("a", 1), caller())
        assert (accepted.version, store.asked) == (9, [])

    async def test_of_a_kind_that_is_not_named_has_none(self, store: WatchedStore) -> None:
        name = wallet.safe.stream(wallet.BOOK, "s")
        opened = wallet.Opened(wallet.ACCOUNT, wallet.NOW)
        filled = [wallet.Filled(1)] * 2 * EVERY
        await do(store, wallet.write(name, opened, *filled))
        await do(store, wallet.write(name, wallet.Filled(1)))
        assert (store.snapshots, store.asked, store.tail_events) == ({}, [], 2 * EVERY + 1)


def evolve_generously(state: wallet.State, event: wallet.Event) -> wallet.State:
    """Gives a hundred coins to whoever opens: a rule that has changed."""
    if isinstance(event, wallet.Opened):
        event = replace(event, coins=event.coins + 100)
    return wallet.evolve(state, event)


CHANGED: Final[wallet.ToyAggregate] = Aggregate(
    "wallet",
    initial=None,
    evolve=evolve_generously,
    account_of=wallet.account_of,
    timers=wallet.timers,
)


class TestSnapshotThatIsNotUsed:
    """The whole stream is folded, and the answer is the same."""

    async def folds_all(self, store: WatchedStore) -> None:
        store.tail_events = 0
        [accepted] = await do(store, wallet.spend("a", 1))
        assert (accepted.answer, accepted.version) == (b'{"coins":[19]}', 7)
        assert store.tail_events == 6

    @pytest.mark.parametrize(
        "change",
        [
            lambda one: one._replace(fingerprint=b"of another fold"),
            lambda one: one._replace(data=b"{}"),
            lambda one: one._replace(data=one.data[:-1]),
            lambda one: one._replace(data=one.data.replace(b"23", b"24")),
            lambda one: one._replace(version=5),
            lambda one: one._replace(event_id=UUID(int=5)),
            lambda one: one._replace(version=40),
            lambda one: one._replace(tenant_id=OTHER_TENANT),
        ],
        ids=[
            "foreign",
            "garbage",
            "cut",
            "changed",
            "other version",
            "other history",
            "future",
            "other tenant",
        ],
    )
    async def test_because_it_is_not_of_this_fold_and_history(
        self, store: WatchedStore, change: Callable[[NewSnapshot], NewSnapshot]
    ) -> None:
        snapshot = await with_snapshot(store)
        store.snapshots[A] = change(snapshot)
        assert store.snapshots[A] != snapshot
        await self.folds_all(store)
        assert store.snapshots[A].version == 6  # The load has made another one of its tail.

    async def test_because_the_history_was_set_back_and_went_on(self, store: WatchedStore) -> None:
        snapshot = await with_snapshot(store)
        forgotten = replace(store.events_of(A)[3], id=UUID(int=77))
        store.events_of(A)[3] = forgotten
        store.snapshots[A] = snapshot
        await self.folds_all(store)

    async def test_because_what_folds_has_changed(self, store: WatchedStore) -> None:
        await with_snapshot(store)
        store.tail_events = 0
        changed = wallet.spend_from(CHANGED.stream(wallet.BOOK, "a"), 1)
        async with running(writer_of(store, CHANGED)) as writer:
            accepted = await writer.submit(changed, caller())
        assert (accepted.answer, store.tail_events) == (b'{"coins":[119]}', 6)
        await self.folds_all_again_with_the_old_rules(store)

    async def folds_all_again_with_the_old_rules(self, store: WatchedStore) -> None:
        store.tail_events = 0
        [accepted] = await do(store, wallet.spend("a", 1))
        assert (accepted.answer, store.tail_events) == (b'{"coins":[18]}', 7)

    async def test_because_it_is_behind_what_is_remembered(self, store: WatchedStore) -> None:
        snapshot = await with_snapshot(store)
        async with running(writer_of(store)) as writer:
            await writer.submit(wallet.spend("a", 1), caller())  # Now it remembers version 7.
            for _ in range(EVERY):
                await do(store, wallet.spend("a", 1))
            store.snapshots[A] = snapshot
            store.tail_events = 0
            accepted = await writer.submit(wallet.spend("a", 1), caller())
        assert (accepted.answer, store.tail_events) == (b'{"coins":[14]}', EVERY)

    async def test_hides_no_hole_after_it(self, store: WatchedStore) -> None:
        await with_snapshot(store)
        del store.events_of(A)[4]
        with pytest.raises(CorruptHistory):
            await do(store, wallet.spend("a", 1))


class TestKeeping:
    async def test_that_fails_hurts_nobody(self, store: WatchedStore) -> None:
        store.problem = ConnectionResetError()
        works = [wallet.open_wallet("a", 25), *(wallet.spend("a", 1) for _ in range(9))]
        accepted = await do(store, *works)
        assert [one.version for one in accepted] == list(range(2, 12))
        assert store.snapshots == {}
        store.problem = None
        await do(store, wallet.spend("a", 1))
        assert store.snapshots[A].version in (11, 12)

    async def test_is_not_waited_for(self, store: WatchedStore) -> None:
        store.is_slow.clear()
        async with running(writer_of(store)) as writer:
            await writer.submit(wallet.open_wallet("a", 25), caller())
            for n in range(9):
                accepted = await writer.submit(wallet.spend("a", 1), caller())
                assert accepted.version == 3 + n
            assert store.snapshots == {}
            store.is_slow.set()
        assert store.snapshots[A].version == 8  # The latest of those that waited.

    async def test_is_let_go_when_the_process_ends_meanwhile(self, store: WatchedStore) -> None:
        store.is_slow.clear()
        with patch.object(snapshots_module, "CLOSE_S_MAX", 0.01):
            await do(store, wallet.open_wallet("a", 25), *(wallet.spend("a", 1) for _ in range(5)))
        assert store.snapshots == {}
        assert len(store.events_of(A)) == 7

    async def test_keeps_none_that_is_too_large(self, store: WatchedStore) -> None:
        works = [wallet.open_wallet("a", 25), *(wallet.spend("a", 1) for _ in range(5))]
        with patch.object(snapshots_module, "SNAPSHOT_BYTES_MAX", 10):
            await do(store, *works)
        assert store.snapshots == {}

    async def test_lets_go_of_what_would_wait_too_long(self, store: WatchedStore) -> None:
        store.is_slow.clear()
        with patch.object(snapshots_module, "SNAPSHOTS_WAITING_MAX", 2):
            async with running(writer_of(store)) as writer:
                for number in "abcde":
                    filled = [wallet.Filled(1)] * EVERY
                    opened = wallet.Opened(wallet.ACCOUNT, wallet.NOW)
                    work = wallet.write(wallet.stream(number), opened, *filled)
                    await writer.submit(work, caller())
                store.is_slow.set()
        kept = [wallet.stream(number).id for number in "ab"]  # Nothing is at work yet.
        assert sorted(store.snapshots) == sorted(kept)


@dataclass(frozen=True)
class Step:
    number: str
    coins: int
    does: str
    is_new_process: bool


STEPS: Final = st.lists(
    st.builds(
        Step,
        number=st.sampled_from("ab"),
        coins=st.integers(0, 4),
        does=st.sampled_from(("open", "fill", "spend", "spend", "move", "postpone")),
        is_new_process=st.booleans(),
    ),
    max_size=40,
)


def work_of(step: Step) -> AnyWork:
    name, other = wallet.stream(step.number), "ab".replace(step.number, "")
    match step.does:
        case "open":
            return wallet.open_wallet(step.number, step.coins)
        case "fill":
            return wallet.write(name, *[wallet.Filled(step.coins)] * 3)
        case "move":
            return wallet.move(step.number, other, step.coins)
        case "postpone":
            later = wallet.NOW.replace(hour=step.coins)
            return wallet.write(name, wallet.Postponed(later))
        case _:
            return wallet.spend(step.number, step.coins)


def caller_of(nth: int) -> Caller:
    """One whose events are called the same in every run."""
    return replace(caller(f"k{nth}"), event_id=lambda id, n: derived(id, f"{nth}", n))


async def lived(steps: Sequence[Step], **named: Any) -> tuple[MemoryStore, list[object]]:
    """The steps in processes that come and go; an event has the same id in every run."""
    store, answers = MemoryStore(), list[object]()
    writer = writer_of(store, **named)
    writer.start()
    for nth, step in enumerate(steps):
        if step.is_new_process:
            await writer.close()
            writer = writer_of(store, **named)
            writer.start()
        try:
            answers.append(await writer.submit(work_of(step), caller_of(nth)))
        except (Rejected, CorruptHistory) as refused:
            answers.append((type(refused), str(refused)))
    await writer.close()
    return store, answers


@given(STEPS, st.integers(1, 5))
async def test_nothing_is_decided_otherwise_with_snapshots(steps: Sequence[Step], n: int) -> None:
    plain, expected = await lived(steps, tail_events_min=1_000)
    store, answers = await lived(steps, tail_events_min=n, streams_cached_max=1)
    assert answers == expected
    assert store.events == plain.events
    assert store.streams == plain.streams
    assert store.timers == plain.timers
    assert store.keys == plain.keys
    assert plain.snapshots == {}
    long = {id for id, stream in store.streams.items() if stream.version >= n}
    assert set(store.snapshots) == long
