"""What the writer may expect of every event store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from shared.kernel.decider import PrivateRow
from shared.platform.database.pools import Database
from shared.platform.store.batch import Batch, Loaded
from shared.platform.store.port import (
    Conflict,
    DuplicateEvent,
    Head,
    NewSnapshot,
    StoredKey,
    StoredSnapshot,
    StreamInfo,
    Transaction,
    Writes,
)
from shared.platform.store.postgres import PostgresStore
from tests.support.stores import InMemory, InPostgres, Inspected
from tests.support.toy import wallet
from tests.support.toy.wallet import ACCOUNT, NOW, OTHER_TENANT, TENANT

A, B = wallet.stream("a").id, wallet.stream("b").id
EVENT = UUID(int=9)


def first_writes(number: str = "a", *, key: str | None = None, first_id: int = 1) -> Writes:
    """A new wallet with five coins: two events, one timer."""
    batch = Batch(Loaded({}, {}, {}, {}), wallet.CODEC, wallet.topics_of, first_id)
    batch.run(wallet.open_wallet(number, 5), wallet.caller(key))
    return batch.writes()


def next_writes(expected: int = 2, id: UUID = EVENT) -> Writes:
    """One more event of wallet a, version by version."""
    [_, event] = first_writes().events
    event.id, event.version = id, expected + 1
    return Writes(expected={A: expected}, moved={A: expected + 1}, events=[event])


SNAPSHOT = NewSnapshot(A, TENANT, 2, UUID(int=2), b"fold", b"{}")  # Behind both first writes.


class StoreContract:
    async def begun(self, inspected: Inspected, *tenants: UUID) -> Transaction:
        transaction = await inspected.store.transaction()
        await transaction.begin(tenants or [TENANT])
        return transaction

    async def written(self, inspected: Inspected, *all_writes: Writes) -> None:
        transaction = await inspected.store.transaction()
        for writes in all_writes:
            await transaction.begin([TENANT])
            await transaction.lock(list(writes.expected))
            await transaction.write_and_commit(writes)
        await transaction.close()

    async def refused(
        self, inspected: Inspected, writes: Writes, kind: type[Exception] = Conflict
    ) -> None:
        """The whole of it: nothing stays, and the connection goes on."""
        before = await inspected.events()
        transaction = await self.begun(inspected)
        with pytest.raises(kind):
            await transaction.write_and_commit(writes)
        await transaction.rollback()
        assert await inspected.events() == before
        await transaction.begin([TENANT])
        await transaction.rollback()
        await transaction.close()

    async def test_keeps_what_was_written(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes(key="k"))
        transaction = await self.begun(inspected)
        assert await transaction.lock({A: 1, B: 1}) == {A: Head(2, "wallet", TENANT)}
        tails = list(await transaction.tails({A: 1}))
        assert [(t.stream_id, t.version, t.type) for t in tails] == [(A, 2, "toy.wallet.filled.v1")]
        assert (tails[0].legal_entity, tails[0].account_id) == ("CN01", ACCOUNT)
        assert (tails[0].data, tails[0].recorded_at) == (b'{"coins":5}', NOW)
        assert tails[0].event_id == UUID(int=2)
        stored = await transaction.stored_keys({(TENANT, "k"), (TENANT, "l")})
        assert list(stored) == [(TENANT, "k")]
        assert stored[TENANT, "k"].fingerprint == b"f"
        await transaction.rollback()
        await transaction.close()

    async def test_queues_every_event_once_per_topic(self, inspected: Inspected) -> None:
        writes = next_writes()
        writes.events[0].topics = ("events", "public")
        await self.written(inspected, first_writes(), writes)
        assert await inspected.outbox() == [
            (A, 1, "events"),
            (A, 2, "events"),
            (A, 3, "events"),
            (A, 3, "public"),
        ]

    async def test_moves_existing_streams(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes(), next_writes())
        assert await inspected.events() == [(A, 1), (A, 2), (A, 3)]
        assert (await inspected.store.describe(TENANT, [A]))[A].version == 3

    async def test_refuses_a_version_that_is_not_the_last(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes())
        await self.refused(inspected, next_writes(expected=1))

    async def test_refuses_a_read_stream_that_moved(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes("b", first_id=50), first_writes())
        writes = next_writes()
        writes.expected[B] = 1
        await self.refused(inspected, writes)

    async def test_refuses_a_stream_that_exists(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes())
        await self.refused(inspected, first_writes(first_id=50))

    async def test_refuses_a_key_that_is_stored(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes(key="k"))
        await self.refused(inspected, first_writes("b", key="k", first_id=50))

    async def test_refuses_an_event_id_that_is_stored(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes(), next_writes())
        await self.refused(inspected, next_writes(expected=3), DuplicateEvent)

    async def test_forgets_what_was_rolled_back(self, inspected: Inspected) -> None:
        transaction = await self.begun(inspected)
        await transaction.rollback()
        await transaction.rollback()
        await transaction.close()
        assert await inspected.events() == []

    async def test_lets_one_wait_for_the_locks_of_another(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes())
        first, second = await self.begun(inspected), await self.begun(inspected)
        await first.lock([A])
        waiting = asyncio.create_task(second.lock([A]))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        writes = next_writes()
        writes.keys[TENANT, "twin"] = StoredKey(b"f", b"{}\n")
        await first.write_and_commit(writes)
        assert await waiting == {A: Head(3, "wallet", TENANT)}
        # Looked up after the locks, so the twin's key is seen.
        assert await second.stored_keys([(TENANT, "twin")])
        await second.rollback()
        for transaction in (first, second):
            await transaction.close()

    async def test_shows_a_tenant_only_its_own(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes(key="k"))
        transaction = await self.begun(inspected, OTHER_TENANT)
        assert await transaction.lock([A]) == {}
        assert await transaction.stored_keys([(TENANT, "k")]) == {}
        assert list(await transaction.tails({A: 0})) == []
        await transaction.rollback()
        await transaction.close()
        ids = [UUID(int=1)]
        assert await inspected.store.describe(OTHER_TENANT, [A]) == {}
        assert set(await inspected.store.known_events(OTHER_TENANT, ids)) == set()

    async def snapshots(
        self, inspected: Inspected, fingerprint: bytes = b"fold", tenant: UUID = TENANT
    ) -> list[StoredSnapshot]:
        transaction = await self.begun(inspected, tenant)
        found = list(await transaction.snapshots({A: fingerprint, B: fingerprint}))
        await transaction.rollback()
        await transaction.close()
        return found

    async def test_keeps_the_last_snapshot_of_a_stream(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes(), next_writes())
        assert await self.snapshots(inspected) == []
        await inspected.store.keep_snapshot(SNAPSHOT)
        assert await self.snapshots(inspected) == [StoredSnapshot(A, 2, b"{}")]
        await inspected.store.keep_snapshot(
            SNAPSHOT._replace(version=3, event_id=EVENT, fingerprint=b"new", data=b"[]")
        )
        assert await self.snapshots(inspected) == []
        assert await self.snapshots(inspected, b"new") == [StoredSnapshot(A, 3, b"[]")]
        await inspected.store.keep_snapshot(SNAPSHOT)  # From a process of the old fold.
        assert await self.snapshots(inspected) == [StoredSnapshot(A, 2, b"{}")]

    @pytest.mark.parametrize(
        "other",
        [
            SNAPSHOT._replace(version=3),
            SNAPSHOT._replace(version=9, event_id=UUID(int=9)),
            SNAPSHOT._replace(event_id=UUID(int=3)),
        ],
        ids=["another version", "the future", "another event"],
    )
    async def test_gives_no_snapshot_of_a_history_that_is_not_stored(
        self, inspected: Inspected, other: NewSnapshot
    ) -> None:
        await self.written(inspected, first_writes(), next_writes())
        await inspected.store.keep_snapshot(other)
        assert await self.snapshots(inspected) == []

    async def test_gives_no_tenant_the_snapshot_of_another(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes())
        await inspected.store.keep_snapshot(SNAPSHOT)
        assert await self.snapshots(inspected, tenant=OTHER_TENANT) == []
        assert len(await self.snapshots(inspected)) == 1

    async def test_describes_streams_and_knows_events(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes())
        found = await inspected.store.describe(TENANT, [A, B])
        assert found == {A: StreamInfo("wallet", ACCOUNT, "CN01", 2)}
        ids = [UUID(int=1), UUID(int=2), EVENT]
        assert set(await inspected.store.known_events(TENANT, ids)) == {ids[0], ids[1]}

    async def test_keeps_and_drops_timers(self, inspected: Inspected) -> None:
        await self.written(inspected, first_writes())
        [timer] = await inspected.timers()
        assert (timer.stream_id, timer.name, timer.due_at) == (A, "remind", NOW)
        moved = timer._replace(due_at=NOW + timedelta(days=1), since_version=3)
        writes = next_writes()
        writes.timers_kept.append(moved)
        await self.written(inspected, writes)
        assert await inspected.timers() == [moved]
        writes = next_writes(3, UUID(int=10))
        writes.timers_gone.append((A, "remind"))
        await self.written(inspected, writes)
        assert await inspected.timers() == []

    async def test_changes_in_private_rows_what_is_said_and_nothing_else(
        self, inspected: Inspected
    ) -> None:
        id = UUID(int=3)
        first, second = first_writes(), next_writes()
        first.private.append((TENANT, PrivateRow("party", id, {"name": "Li", "phone": "1"})))
        first.private.append((TENANT, PrivateRow("note", id, {"text": "late"})))
        third = next_writes(3, UUID(int=10))
        second.private.append((TENANT, PrivateRow("party", id, {"name": "Wang"})))
        third.private.append((TENANT, PrivateRow("party", id, {"phone": None, "email": "w"})))
        await self.written(inspected, first, second)
        assert await inspected.private("party") == {id: {"name": "Wang", "phone": "1"}}
        await self.written(inspected, third)
        assert await inspected.private("party") == {
            id: {"name": "Wang", "phone": None, "email": "w"}
        }
        assert await inspected.private("note") == {id: {"text": "late"}}

    async def test_knows_what_is_worth_another_attempt(self, inspected: Inspected) -> None:
        assert inspected.store.is_transient(Conflict())
        assert not inspected.store.is_transient(DuplicateEvent())
        assert not inspected.store.is_transient(ValueError())


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def inspected(self) -> Inspected:
        return InMemory()


@pytest.mark.connected
class TestPostgresStore(StoreContract):
    @pytest.fixture
    async def inspected(self, platform_database: Database) -> AsyncIterator[Inspected]:
        store = PostgresStore(platform_database)
        yield InPostgres(platform_database, store)
        await store.close()

    async def test_tells_the_relay_on_a_connection_of_its_own(
        self, inspected: Inspected, platform_database: Database
    ) -> None:
        notified = asyncio.Event()
        listener = await platform_database.own_connection("test")
        await listener.add_listener("duebook_outbox", lambda *_: notified.set())
        await self.written(inspected, first_writes())
        async with asyncio.timeout(5):
            await notified.wait()
        await listener.close()
