"""A batch that is decided without locks: only what is certain is believed, and in its order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.kernel.decider import Accepted, AnyWork, Caller, Change, States, Work, expect
from shared.platform.store.memory import MemoryStore, MemoryTransaction
from shared.platform.store.port import Head
from shared.platform.store.writer import CAREFUL_BATCHES, Writer
from tests.support.toy import wallet
from tests.support.toy.wallet import CODEC, caller, topics_of


class CountingStore(MemoryStore):
    """Counts how often locks were taken: a guess takes none."""

    def __init__(self) -> None:
        super().__init__()
        self.locked = 0

    async def transaction(self) -> MemoryTransaction:
        return CountingTransaction(self)


class CountingTransaction(MemoryTransaction):
    def __init__(self, store: CountingStore) -> None:
        super().__init__(store)
        self._counting = store

    async def lock(self, streams: Collection[UUID]) -> Mapping[UUID, Head]:
        self._counting.locked += 1
        return await super().lock(streams)


def started(store: MemoryStore, *, guesses: bool = True) -> Writer:
    writer = Writer(store, CODEC, topics_of, guesses=guesses)
    writer.start()
    return writer


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
async def writer(store: CountingStore) -> AsyncIterator[Writer]:
    running = started(store)
    yield running
    await running.close()


@pytest.fixture
async def other(store: CountingStore) -> AsyncIterator[Writer]:
    """As another process: what it writes, the first does not remember."""
    running = started(store, guesses=False)
    yield running
    await running.close()


async def together(
    writer: Writer, *asked: tuple[AnyWork, Caller]
) -> Sequence[Accepted | BaseException]:
    return await asyncio.gather(
        *(writer.enqueue(work, who) for work, who in asked), return_exceptions=True
    )


def open_if_none(number: str, beside: str) -> AnyWork:
    """Opens a wallet if there is none of the other number; rests on a stream that it leaves."""
    mine, theirs = wallet.stream(number), wallet.stream(beside)

    def decide(states: States) -> Sequence[Change[wallet.State, wallet.Event]]:
        if states.version(theirs):
            raise wallet.NumberAlreadyUsed("/number")
        return [wallet.change(mine, wallet.Opened(wallet.ACCOUNT, wallet.NOW))]

    return Work((mine, theirs), decide)


def spend_if_filled(number: str, beside: str) -> AnyWork:
    mine, theirs = wallet.stream(number), wallet.stream(beside)

    def decide(states: States) -> Sequence[Change[wallet.State, wallet.Event]]:
        if not expect(states.of(theirs), wallet.Wallet).coins:
            raise wallet.TooFewCoins(coins=0)
        return [wallet.change(mine, wallet.Spent(1))]

    return Work((mine, theirs), decide)


class TestGuess:
    async def test_writes_new_and_remembered_streams_without_locks(
        self, writer: Writer, store: CountingStore
    ) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller("k"))
        await writer.submit(wallet.open_wallet("b"), caller())
        accepted = await writer.submit(wallet.move("a", "b", 2), caller())
        assert (accepted.answer, store.locked) == (b'{"coins":[3,2]}', 0)

    async def test_is_not_made_where_nothing_is_remembered(
        self, writer: Writer, other: Writer, store: CountingStore
    ) -> None:
        await other.submit(wallet.open_wallet("a", 5), caller())
        before = store.locked
        by_id = wallet.spend_from(wallet.wallet.existing(wallet.stream("a").id), 1)
        assert (await writer.submit(by_id, caller())).answer == b'{"coins":[4]}'
        assert store.locked == before + 1

    async def test_that_was_wrong_is_decided_again(self, writer: Writer, other: Writer) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        await other.submit(wallet.spend("a", 4), caller())
        with pytest.raises(wallet.TooFewCoins):
            await writer.submit(wallet.spend("a", 2), caller())

    async def test_of_a_rejection_is_not_believed(self, writer: Writer, other: Writer) -> None:
        await writer.submit(wallet.open_wallet("a", 1), caller())
        await other.submit(wallet.write(wallet.stream("a"), wallet.Filled(9)), caller())
        assert (await writer.submit(wallet.spend("a", 7), caller())).answer == b'{"coins":[3]}'

    async def test_of_nothing_to_do_is_not_believed(self, writer: Writer, other: Writer) -> None:
        await writer.submit(wallet.open_wallet("a", 1), caller())
        await other.submit(wallet.write(wallet.stream("a"), wallet.Filled(9)), caller())
        assert (await writer.submit(wallet.spend("a", 0), caller())).answer == b'{"coins":[10]}'

    async def test_of_a_dry_run_is_not_believed(self, writer: Writer, other: Writer) -> None:
        await writer.submit(wallet.open_wallet("a", 1), caller())
        await other.submit(wallet.write(wallet.stream("a"), wallet.Filled(9)), caller())
        dry = replace(caller(), dry_run=True)
        assert (await writer.submit(wallet.spend("a", 1), dry)).answer == b'{"coins":[9]}'

    async def test_that_a_stream_is_not_there_is_not_believed(
        self, writer: Writer, other: Writer
    ) -> None:
        """Nothing compares a stream that is neither there nor made."""
        await writer.submit(wallet.open_wallet("z"), caller())
        await other.submit(wallet.open_wallet("a", 5), caller())
        with pytest.raises(wallet.NumberAlreadyUsed):
            await writer.submit(open_if_none("b", beside="a"), caller())
        assert (await writer.submit(open_if_none("b", beside="c"), caller())).version == 1

    async def test_compares_a_stream_that_stays_as_it_is(
        self, writer: Writer, other: Writer
    ) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        await writer.submit(wallet.open_wallet("b", 5), caller())
        await other.submit(wallet.spend("b", 5), caller())
        with pytest.raises(wallet.TooFewCoins):
            await writer.submit(spend_if_filled("a", beside="b"), caller())

    async def test_finds_a_key_that_another_process_wrote(
        self, writer: Writer, other: Writer, store: CountingStore
    ) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        first = await other.submit(wallet.spend("a", 1), caller("k"))
        assert await writer.submit(wallet.spend("a", 1), caller("k")) == replace(
            first, replayed=True
        )
        assert len(store.events_of(wallet.stream("a").id)) == 3

    async def test_keeps_the_order_of_a_batch(self, writer: Writer) -> None:
        """The one in the middle is decided again; what came after it must not come before it."""
        await writer.submit(wallet.open_wallet("a", 3), caller())
        kinds = [
            type(one)
            for one in await together(
                writer,
                (wallet.spend("a", 1), caller()),
                (wallet.spend("a", 3), caller()),
                (wallet.write(wallet.stream("a"), wallet.Filled(1)), caller()),
                (wallet.spend("a", 3), caller()),
            )
        ]
        assert kinds == [Accepted, wallet.TooFewCoins, Accepted, Accepted]

    async def test_that_was_wrong_makes_the_next_batches_careful(
        self, writer: Writer, other: Writer, store: CountingStore
    ) -> None:
        await writer.submit(wallet.open_wallet("a", 100), caller())
        await other.submit(wallet.spend("a", 1), caller())
        before = store.locked
        for _ in range(CAREFUL_BATCHES + 3):
            await writer.submit(wallet.spend("a", 1), caller())
        assert store.locked == before + 1 + CAREFUL_BATCHES

    @given(
        st.lists(
            st.tuples(st.booleans(), st.sampled_from("ab"), st.integers(0, 4), st.integers(0, 6)),
            max_size=40,
        )
    )
    @settings(max_examples=60, deadline=None)
    def test_comes_to_what_locks_come_to(self, asked: Sequence[tuple[bool, str, int, int]]) -> None:
        """Two processes, a few keys: every key once, no coin twice, no version missing."""
        asyncio.run(self._two_processes(asked))

    async def _two_processes(self, asked: Sequence[tuple[bool, str, int, int]]) -> None:
        store = MemoryStore()
        writers = [started(store), started(store)]
        await writers[0].submit(wallet.open_wallet("a", 10), caller())
        await writers[1].submit(wallet.open_wallet("b", 10), caller())
        outcomes = await asyncio.gather(
            *(
                writers[second].enqueue(
                    wallet.spend(number, coins), caller(f"{number}{coins}{key}")
                )
                for second, number, coins, key in asked
            ),
            return_exceptions=True,
        )
        for one in writers:
            await one.close()
        assert {type(one) for one in outcomes} <= {Accepted, wallet.TooFewCoins}
        done = [one for one in outcomes if isinstance(one, Accepted) and one.versions]
        assert sum(not one.replayed for one in done) == len(store.keys)
        for number in "ab":
            events = store.events_of(wallet.stream(number).id)
            assert [event.version for event in events] == [*range(1, len(events) + 1)]
            spent = Counter(event.headers.get("commandid") for event in events[2:])
            assert max(spent.values(), default=1) == 1
            assert sum(int(str(key)[1]) for key in spent) <= 10
