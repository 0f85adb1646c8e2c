"""The writer's promises: who is told what, and what is written then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from shared.kernel.decider import (
    Accepted,
    AnyWork,
    Armed,
    Caller,
    CorruptHistory,
    KeyReused,
    NotWritten,
    OutcomeUnknown,
    Overloaded,
    StaleVersion,
    Stream,
    UnknownStream,
)
from shared.platform.store import writer as writer_module
from shared.platform.store.memory import MemoryStore, MemoryTransaction
from shared.platform.store.port import (
    CommitUncertain,
    Conflict,
    DuplicateEvent,
    Head,
    TailEvent,
    Writes,
)
from shared.platform.store.writer import Writer
from tests.support.toy import wallet
from tests.support.toy.wallet import CODEC, OTHER_TENANT, caller, topics_of

A = wallet.stream("a").id


class Trouble(Exception):
    """Passes."""


class Poison(Exception):
    """Does not pass."""


class TroubledStore(MemoryStore):
    """Fails as told, one problem per attempt to write."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[Exception] = []
        self.poisonous: bytes | None = None
        self.connections = 0
        self.batches: list[int] = []  # Events in each attempt to write.
        self.folded_tails = 0
        self.before_locks: Callable[[], Awaitable[object]] | None = None  # Once.
        self.reached = asyncio.Event()  # Somebody is about to write.

    async def transaction(self) -> MemoryTransaction:
        self.connections += 1
        return TroubledTransaction(self)

    def is_transient(self, problem: BaseException) -> bool:
        return isinstance(problem, Trouble)


class TroubledTransaction(MemoryTransaction):
    def __init__(self, store: TroubledStore) -> None:
        super().__init__(store)
        self._troubled = store

    async def lock(self, streams: Collection[UUID]) -> Mapping[UUID, Head]:
        meanwhile, self._troubled.before_locks = self._troubled.before_locks, None
        if meanwhile is not None:
            await meanwhile()
        return await super().lock(streams)

    async def tails(self, after: Mapping[UUID, int]) -> Sequence[TailEvent]:
        found = list(await super().tails(after))
        self._troubled.folded_tails += len(found)
        return found

    async def write_and_commit(self, writes: Writes) -> None:
        self._troubled.batches.append(len(writes.events))
        self._troubled.reached.set()
        if self._troubled.problems:
            raise self._troubled.problems.pop(0)
        if any(event.data == self._troubled.poisonous for event in writes.events):
            raise Poison
        await super().write_and_commit(writes)


@pytest.fixture
def store() -> TroubledStore:
    return TroubledStore()


@pytest.fixture
async def writer(store: TroubledStore) -> AsyncIterator[Writer]:
    running = Writer(store, CODEC, topics_of)
    running.start()
    yield running
    await running.close()


async def outcomes_of(
    writer: Writer, *asked: tuple[AnyWork, Caller]
) -> list[Accepted | BaseException]:
    """All in one batch: nothing runs between the first and the last."""
    return await asyncio.gather(
        *(writer.enqueue(work, who) for work, who in asked), return_exceptions=True
    )


class TestSubmit:
    async def test_answers_with_the_new_state_and_versions(self, writer: Writer) -> None:
        accepted = await writer.submit(wallet.open_wallet("a", 5), caller("k"))
        assert accepted == Accepted(b'{"coins":[5]}', 2, {A: 2})

    async def test_raises_what_decide_raised(self, writer: Writer, store: TroubledStore) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        with pytest.raises(wallet.TooFewCoins) as problem:
            await writer.submit(wallet.spend("a", 6), caller("k"))
        assert problem.value.facts == {"coins": 6}
        assert store.keys == {}

    async def test_replays_the_stored_answer(self, writer: Writer) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        first = await writer.submit(wallet.spend("a", 1), caller("k"))
        await writer.submit(wallet.spend("a", 1), caller())
        again = await writer.submit(wallet.spend("a", 1), caller("k"))
        assert again == replace(first, replayed=True)

    async def test_replays_what_a_twin_wrote_while_it_waited_for_the_locks(
        self, store: TroubledStore
    ) -> None:
        """Looked up before the locks, the key would be missed and the twin told a rejection."""
        writer, other = (Writer(store, CODEC, topics_of, guesses=False) for _ in range(2))
        writer.start()
        other.start()
        store.before_locks = lambda: other.submit(wallet.open_wallet("a", 5), caller("k"))
        accepted = await writer.submit(wallet.open_wallet("a", 5), caller("k"))
        await writer.close()
        await other.close()
        assert accepted == Accepted(b'{"coins":[5]}', 2, {A: 2}, replayed=True)

    async def test_refuses_a_key_for_another_input(self, writer: Writer) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller("k"))
        with pytest.raises(KeyReused):
            await writer.submit(wallet.spend("a", 1), caller("k", b"other"))

    async def test_writes_nothing_for_a_dry_run(self, writer: Writer, store: TroubledStore) -> None:
        dry = replace(caller("k"), dry_run=True)
        accepted = await writer.submit(wallet.open_wallet("a", 5), dry)
        assert accepted.answer == b'{"coins":[5]}'
        assert (store.events, store.keys, store.batches) == ([], {}, [])

    async def test_stores_no_key_for_a_command_that_is_already_true(
        self, writer: Writer, store: TroubledStore
    ) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        accepted = await writer.submit(wallet.spend("a", 0), caller("k"))
        assert (accepted.version, accepted.versions, store.keys) == (2, {}, {})

    async def test_compares_versions_when_asked(self, writer: Writer) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        with pytest.raises(StaleVersion):
            await writer.submit(wallet.spend("a", 1), replace(caller(), expected_version=1))

    @pytest.mark.parametrize(
        "name", [wallet.wallet.existing(UUID(int=1)), wallet.safe.existing(A)], ids=["none", "kind"]
    )
    async def test_knows_no_such_stream(
        self, writer: Writer, name: Stream[wallet.State, wallet.Event]
    ) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        with pytest.raises(UnknownStream):
            await writer.submit(wallet.spend_from(name, 1), caller())

    async def test_keeps_tenants_of_one_batch_apart(self, writer: Writer) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        theirs = caller(tenant_id=OTHER_TENANT)
        mine, foreign = await outcomes_of(
            writer,
            (wallet.spend("a", 1), caller()),
            (wallet.spend_from(wallet.wallet.existing(A), 1), theirs),
        )
        assert isinstance(mine, Accepted)
        assert isinstance(foreign, UnknownStream)

    async def test_changes_several_streams_or_none(
        self, writer: Writer, store: TroubledStore
    ) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        await writer.submit(wallet.open_wallet("b"), caller())
        await writer.submit(wallet.move("a", "b", 4), caller())
        with pytest.raises(wallet.TooFewCoins):
            await writer.submit(wallet.move("a", "b", 4), caller())
        assert store.batches == [2, 1, 2]


class TestBatches:
    async def test_write_together_what_waits_together(
        self, writer: Writer, store: TroubledStore
    ) -> None:
        works = [(wallet.open_wallet(str(n)), caller(str(n))) for n in range(50)]
        assert all(isinstance(one, Accepted) for one in await outcomes_of(writer, *works))
        assert store.batches == [50]

    async def test_are_no_larger_than_allowed(self, store: TroubledStore) -> None:
        writer = Writer(store, CODEC, topics_of, works_max=3)
        futures = [writer.enqueue(wallet.open_wallet(str(n)), caller()) for n in range(7)]
        writer.start()
        await asyncio.gather(*futures)
        await writer.close()
        assert store.batches == [3, 3, 1]

    async def test_skip_who_went_away(self, store: TroubledStore) -> None:
        writer = Writer(store, CODEC, topics_of)
        gone, here = (writer.enqueue(wallet.open_wallet(n), caller()) for n in "ab")
        gone.cancel()
        writer.start()
        assert (await here).version == 1
        await writer.close()
        assert [event.stream_id for event in store.events] == [wallet.stream("b").id]

    async def test_let_what_was_written_stand_when_the_caller_goes_away_later(
        self, writer: Writer, store: TroubledStore
    ) -> None:
        future = writer.enqueue(wallet.open_wallet("a"), caller())
        store.reached.clear()
        await store.reached.wait()
        future.cancel()
        assert (await writer.submit(wallet.spend("a", 0), caller())).version == 1

    async def test_find_the_work_that_the_database_refuses(
        self, writer: Writer, store: TroubledStore
    ) -> None:
        await writer.submit(wallet.open_wallet("a", 50), caller())
        store.poisonous = b'{"coins":13}'
        outcomes = await outcomes_of(
            writer, *((wallet.spend("a", n), caller()) for n in (1, 2, 13, 4, 5))
        )
        assert [type(one) for one in outcomes] == [Accepted, Accepted, Poison, Accepted, Accepted]
        assert store.connections == 1

    async def test_wake_the_relay_once_something_was_written(self, store: TroubledStore) -> None:
        woken: list[int] = []
        writer = Writer(store, CODEC, topics_of, lambda: woken.append(len(store.events)))
        writer.start()
        await writer.submit(wallet.open_wallet("a"), caller())
        with pytest.raises(wallet.NumberAlreadyUsed):
            await writer.submit(wallet.open_wallet("a"), caller())
        await writer.close()
        assert woken == [1]


class TestTrouble:
    async def test_is_overcome_by_another_attempt(
        self, writer: Writer, store: TroubledStore
    ) -> None:
        store.problems = [Trouble(), Conflict(), Trouble()]
        assert (await writer.submit(wallet.open_wallet("a"), caller())).version == 1
        assert store.connections == 3  # A conflict says nothing against the connection.

    async def test_that_takes_long_is_not_waited_for_any_longer(
        self, writer: Writer, store: TroubledStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writer_module, "ATTEMPTS_S_MAX", -1.0)
        store.problems = [Trouble()] * 100
        with pytest.raises(NotWritten):
            await writer.submit(wallet.open_wallet("a"), caller())
        assert store.connections == 1

    async def test_that_does_not_end_is_reported_as_not_written(
        self, writer: Writer, store: TroubledStore
    ) -> None:
        store.problems = [Trouble()] * 100
        with pytest.raises(NotWritten):
            await writer.submit(wallet.open_wallet("a"), caller())
        assert store.events == []
        store.problems = []
        assert (await writer.submit(wallet.open_wallet("a"), caller())).version == 1

    async def test_with_the_outcome_is_never_repeated(
        self, writer: Writer, store: TroubledStore
    ) -> None:
        store.problems = [CommitUncertain()]
        with pytest.raises(OutcomeUnknown):
            await writer.submit(wallet.open_wallet("a"), caller())
        assert store.batches == [1]

    async def test_of_those_to_be_woken_takes_no_answer_back(self, store: TroubledStore) -> None:
        def broken() -> None:
            raise Poison

        writer = Writer(store, CODEC, topics_of, broken)
        writer.start()
        assert (await writer.submit(wallet.open_wallet("a"), caller())).version == 1
        assert (await writer.submit(wallet.open_wallet("b"), caller())).version == 1
        await writer.close()

    async def test_with_an_event_id_is_blamed_on_its_work(self, writer: Writer) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        again = wallet.write(wallet.stream("a"), wallet.Spent(1), ids=[UUID(int=9)])
        await writer.submit(again, caller())
        twice, other = await outcomes_of(
            writer, (again, caller()), (wallet.spend("a", 1), caller())
        )
        assert isinstance(twice, DuplicateEvent)
        assert isinstance(other, Accepted)


class TestQueue:
    async def test_refuses_at_once_when_full(self, store: TroubledStore) -> None:
        writer = Writer(store, CODEC, topics_of, works_waiting_max=2)
        first, _ = (writer.enqueue(wallet.open_wallet(n), caller()) for n in "ab")
        with pytest.raises(Overloaded):
            await writer.submit(wallet.open_wallet("c"), caller())
        assert writer.in_flight == 2
        writer.start()
        await first
        await writer.close()
        assert writer.in_flight == 0

    async def test_is_written_before_the_writer_stops(self, store: TroubledStore) -> None:
        writer = Writer(store, CODEC, topics_of)
        writer.start()
        waiting = [writer.enqueue(wallet.open_wallet(n), caller()) for n in "abc"]
        await writer.close()
        assert all(one.done() for one in waiting)
        assert len(store.events) == 3
        with pytest.raises(Overloaded):
            writer.enqueue(wallet.open_wallet("d"), caller())


class TestStates:
    async def test_are_folded_once_and_remembered(
        self, writer: Writer, store: TroubledStore
    ) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        await writer.submit(wallet.spend("a", 1), caller())
        assert store.folded_tails == 0

    async def test_are_brought_up_to_date_when_another_process_wrote(
        self, writer: Writer, store: TroubledStore
    ) -> None:
        await writer.submit(wallet.open_wallet("a", 5), caller())
        other = Writer(store, CODEC, topics_of)
        other.start()
        await other.submit(wallet.spend("a", 4), caller())
        await other.close()
        assert store.folded_tails == 2
        with pytest.raises(wallet.TooFewCoins):
            await writer.submit(wallet.spend("a", 2), caller())
        assert store.folded_tails == 3  # Only the tail beyond what was remembered.

    async def test_keep_the_timers_of_the_whole_history(self, store: TroubledStore) -> None:
        for work in (wallet.open_wallet("a", 5), wallet.spend("a", 1), wallet.spend("a", 4)):
            writer = Writer(store, CODEC, topics_of)  # Remembers nothing.
            writer.start()
            await writer.submit(work, caller())
            await writer.close()
            waiting = [Armed(one.due_at, one.since_version) for one in store.timers.values()]
            assert waiting == ([] if len(store.events) == 4 else [Armed(wallet.NOW, 2)])

    @pytest.mark.parametrize(
        "damage", [lambda e: e.pop(), lambda e: e.pop(0)], ids=["end", "start"]
    )
    async def test_refuse_a_history_with_a_hole(
        self, store: TroubledStore, damage: Callable[[list[object]], object]
    ) -> None:
        first = Writer(store, CODEC, topics_of)
        first.start()
        await first.submit(wallet.open_wallet("a", 5), caller())
        await first.submit(wallet.open_wallet("b", 5), caller())
        await first.close()
        damage(store.events_of(A))  # type: ignore[arg-type] # a list of any kind can be damaged
        writer = Writer(store, CODEC, topics_of)
        writer.start()
        hurt, unhurt = await outcomes_of(
            writer, (wallet.spend("a", 1), caller()), (wallet.spend("b", 1), caller())
        )
        await writer.close()
        assert isinstance(hurt, CorruptHistory)
        assert isinstance(unhurt, Accepted)
