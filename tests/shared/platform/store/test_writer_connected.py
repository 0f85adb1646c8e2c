"""The writer on a real PostgreSQL that loses answers, kills connections and has other writers."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import asyncpg
import pytest

from shared.kernel.decider import (
    Accepted,
    AnyWork,
    Caller,
    KeyReused,
    NotWritten,
    OutcomeUnknown,
    PrivateRow,
    Rejected,
)
from shared.platform.database.pools import Database, driver
from shared.platform.store import postgres, snapshots
from shared.platform.store.postgres import WRITER_NAME, PostgresStore
from shared.platform.store.verify import refold
from shared.platform.store.writer import Writer
from tests.support.databases import Server
from tests.support.fault_proxy import FaultProxy
from tests.support.stores import InPostgres
from tests.support.toy import wallet
from tests.support.toy.wallet import ACCOUNT, CODEC, OTHER_TENANT, TENANT, caller, topics_of

pytestmark = pytest.mark.connected

REPETITIONS_MAX = 50
KILL_PAUSE_S = 0.05

KINDS = (wallet.wallet, wallet.safe)

# Each must return no row.
INVARIANTS = {
    "versions are dense and the stream row knows the last": """
        SELECT stream_id FROM es_event e JOIN es_stream s USING (stream_id) GROUP BY stream_id
        HAVING count(*) <> max(e.version) OR min(e.version) <> 1
        OR max(e.version) <> max(s.version)""",
    "no stream without events": """
        SELECT stream_id FROM es_stream s
        WHERE NOT EXISTS (SELECT FROM es_event e WHERE e.stream_id = s.stream_id)""",
    "outbox and events are the same rows": """
        SELECT position FROM es_event e FULL JOIN (SELECT * FROM es_outbox WHERE topic = 'events') o
        USING (position, stream_id, version, partition_no, tenant_id)
        WHERE e.event_id IS NULL OR o.topic IS NULL""",
    "positions follow versions": """
        SELECT 1 FROM (SELECT position, lag(position) OVER (PARTITION BY stream_id ORDER BY version)
        AS before FROM es_event) e WHERE before >= position""",
    "what is written together is there as a whole": """
        SELECT headers ->> 'txid' FROM es_event GROUP BY 1
        HAVING count(*) <> max((headers ->> 'txcount')::int)""",
}


class Writers:
    """Writers of several processes, as far as PostgreSQL can tell."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def start(self, url: str) -> Writer:
        database = Database(url)
        self._stack.push_async_callback(database.close)
        store = PostgresStore(database)
        self._stack.push_async_callback(store.close)
        # Every stream is a long one: whatever happens here happens to snapshots too.
        writer = Writer(
            store,
            CODEC,
            topics_of,
            aggregates=KINDS,
            private_tables={"note"},
            tail_events_min=2,
        )
        writer.start()
        self._stack.push_async_callback(writer.close)
        return writer


@pytest.fixture
async def writers() -> AsyncIterator[Writers]:
    """Their snapshots come at once."""
    with patch.object(snapshots, "PAUSE_S", 0.0):
        async with AsyncExitStack() as stack:
            yield Writers(stack)


@pytest.fixture
def url(make_database: Callable[..., str], platform_template: str) -> str:
    return make_database(template=platform_template)


@pytest.fixture
async def inspected(url: str) -> AsyncIterator[InPostgres]:
    database = Database(url)
    yield InPostgres(database, PostgresStore(database))
    await database.close()


@pytest.fixture
async def proxy(url: str) -> AsyncIterator[FaultProxy]:
    with TemporaryDirectory(prefix="cut") as folder:
        async with FaultProxy(url, Path(folder)) as running:
            yield running


async def assert_sound(inspected: InPostgres) -> None:
    for law, sql in INVARIANTS.items():
        assert await inspected.rows(sql) == [], law
    async with inspected.database.bound([TENANT, OTHER_TENANT], snapshot=True) as connection:
        refolded = await refold(await driver(connection), CODEC, KINDS)
    assert refolded.snapshots == []  # Each is what the events say.


class TestLostCommit:
    async def test_is_asked_for_and_answered(
        self, writers: Writers, proxy: FaultProxy, inspected: InPostgres
    ) -> None:
        writer = await writers.start(proxy.url)
        proxy.cuts.append("after commit")
        accepted = await writer.submit(wallet.open_wallet("a", 5), caller())  # Without a key.
        assert (accepted.version, proxy.cuts) == (2, [])
        assert len(await inspected.events()) == 2
        assert (await writer.submit(wallet.spend("a", 1), caller())).version == 3

    async def test_that_never_arrived_is_repeated(
        self, writers: Writers, proxy: FaultProxy, inspected: InPostgres
    ) -> None:
        writer = await writers.start(proxy.url)
        proxy.cuts.extend(["before commit", "after commit"])
        assert (await writer.submit(wallet.open_wallet("a", 5), caller())).version == 2
        assert len(await inspected.events()) == 2

    @pytest.mark.parametrize("cut", ["before commit", "after commit"])
    async def test_is_called_unknown_when_nobody_can_be_asked(
        self,
        writers: Writers,
        proxy: FaultProxy,
        inspected: InPostgres,
        monkeypatch: pytest.MonkeyPatch,
        cut: str,
    ) -> None:
        monkeypatch.setattr(postgres, "ASK_S_MAX", 0.3)
        writer = await writers.start(proxy.url)
        proxy.go_down_at_next("after commit" if cut == "after commit" else "before commit")
        with pytest.raises(OutcomeUnknown):
            await writer.submit(wallet.open_wallet("a", 5), caller("k"))
        proxy.is_down = False
        again = await writer.submit(wallet.open_wallet("a", 5), caller("k"))
        assert (again.version, again.replayed) == (2, cut == "after commit")
        assert len(await inspected.events()) == 2


class TestSeveralWriters:
    async def test_give_twins_one_answer(self, writers: Writers, url: str) -> None:
        one, two = await writers.start(url), await writers.start(url)
        await one.submit(wallet.open_wallet("a", 100), caller())
        for n in range(20):
            outcomes = await asyncio.gather(
                one.submit(wallet.spend("a", 1), caller(f"k{n}")),
                two.submit(wallet.spend("a", 1), caller(f"k{n}")),
            )
            assert len({outcome.answer for outcome in outcomes}) == 1
            assert sorted(outcome.replayed for outcome in outcomes) == [False, True]

    async def test_never_spend_a_coin_twice(
        self, writers: Writers, url: str, inspected: InPostgres
    ) -> None:
        both = [await writers.start(url), await writers.start(url)]
        await both[0].submit(wallet.open_wallet("a", 30), caller())
        await both[1].submit(wallet.open_wallet("b", 0), caller())
        outcomes = await asyncio.gather(
            *(both[n % 2].submit(wallet.move("a", "b", 1), caller()) for n in range(80)),
            return_exceptions=True,
        )
        assert Counter(type(one) for one in outcomes) == {Accepted: 30, wallet.TooFewCoins: 50}
        await assert_sound(inspected)

    async def test_create_a_stream_once(self, writers: Writers, url: str) -> None:
        both = [await writers.start(url), await writers.start(url)]
        for number in range(20):
            outcomes = await asyncio.gather(
                *(writer.submit(wallet.open_wallet(str(number)), caller()) for writer in both),
                return_exceptions=True,
            )
            kinds = Counter(type(one) for one in outcomes)
            assert kinds == {Accepted: 1, wallet.NumberAlreadyUsed: 1}

    async def test_survive_killed_connections(
        self, writers: Writers, url: str, server: Server, inspected: InPostgres
    ) -> None:
        """Callers repeat under the same key until they are answered; then it was written once."""
        both = [await writers.start(url), await writers.start(url)]
        for number in range(4):
            await both[0].submit(wallet.open_wallet(str(number), 10_000), caller())
        moved = asyncio.Event()
        storm = asyncio.create_task(_kill_writers(server.url_of("postgres"), url, moved))
        first_answers: Counter[str] = Counter()
        rng = random.Random(7)

        async def client(id: int) -> None:
            for n in range(25):
                numbers = rng.sample(range(4), 2)
                work = wallet.move(str(numbers[0]), str(numbers[1]), 1)
                who = replace(caller(f"{id}/{n}"), actor=f"{id}/{n}")
                outcome = await _until_answered(both[(id + n) % 2], work, who)
                first_answers[f"{id}/{n}"] += not outcome.replayed
                moved.set()

        await asyncio.gather(*(client(id) for id in range(16)))
        storm.cancel()
        with suppress(asyncio.CancelledError):
            await storm
        rows = await inspected.rows(
            "SELECT headers ->> 'actor' FROM es_event WHERE headers ->> 'actor' <> 'tester'"
        )
        assert Counter(row[0] for row in rows) == dict.fromkeys(first_answers, 2)
        assert max(first_answers.values()) == 1
        assert len(await inspected.rows("SELECT FROM es_snapshot")) == 4
        await assert_sound(inspected)


async def _until_answered(writer: Writer, work: AnyWork, who: Caller) -> Accepted:
    for _ in range(REPETITIONS_MAX):
        with suppress(NotWritten, OutcomeUnknown):
            return await writer.submit(work, who)
    raise AssertionError("no certainty")


async def _kill_writers(maintenance: str, url: str, moved: asyncio.Event) -> None:
    """Between two kills somebody is told: on a busy machine nobody would be, ever."""
    connection = await asyncpg.connect(maintenance)
    try:
        while True:  # Until cancelled.
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = $1 AND datname = $2",
                WRITER_NAME,
                url.partition("@/")[2].partition("?")[0],
            )
            moved.clear()
            await moved.wait()
            await asyncio.sleep(KILL_PAUSE_S)
    finally:
        connection.terminate()


class TestPostgres:
    async def test_refusing_a_value_hits_its_own_work_only(
        self, writers: Writers, url: str
    ) -> None:
        writer = await writers.start(url)
        await writer.submit(wallet.open_wallet("a", 9), caller())
        poisoned = replace(caller(), actor="\x00")  # jsonb holds no NUL.
        fine, poison, fine_too = await asyncio.gather(
            writer.submit(wallet.spend("a", 1), caller()),
            writer.submit(wallet.spend("a", 1), poisoned),
            writer.submit(wallet.spend("a", 1), caller()),
            return_exceptions=True,
        )
        assert isinstance(poison, asyncpg.DataError)
        assert isinstance(fine, Accepted)
        assert isinstance(fine_too, Accepted)

    async def test_keeps_what_an_event_carries(
        self, writers: Writers, url: str, inspected: InPostgres
    ) -> None:
        writer = await writers.start(url)
        row = PrivateRow("note", ACCOUNT, {"text": "王先生明天付款"})
        work = wallet.write(wallet.stream("a"), wallet.Opened(ACCOUNT, wallet.NOW), private=[row])
        await writer.submit(work, caller("k", b"\x01\xff"))
        [[data, headers, type_name, effective_on, recorded_at]] = await inspected.rows(
            "SELECT data, headers, type, effective_on, recorded_at FROM es_event_readable"
        )
        assert json.loads(str(data))["account_id"] == str(ACCOUNT)
        assert json.loads(str(headers))["commandhash"] == "01ff"
        assert (type_name, effective_on, recorded_at) == (
            "toy.wallet.opened.v1",
            wallet.TODAY,
            wallet.NOW,
        )
        assert await inspected.private("note") == {ACCOUNT: {"text": "王先生明天付款"}}

    async def test_replays_across_restarts(self, writers: Writers, url: str) -> None:
        first = await (await writers.start(url)).submit(wallet.open_wallet("a", 5), caller("k"))
        writer = await writers.start(url)
        again = await writer.submit(wallet.open_wallet("a", 5), caller("k"))
        assert again == replace(first, replayed=True)
        with pytest.raises(KeyReused):
            await writer.submit(wallet.open_wallet("a", 5), caller("k", b"other"))
        with pytest.raises(Rejected):
            await writer.submit(wallet.open_wallet("a", 5), caller("l"))

    async def test_serves_several_tenants_in_one_batch(
        self, writers: Writers, url: str, inspected: InPostgres
    ) -> None:
        writer = await writers.start(url)
        theirs = wallet.BOOK._replace(tenant_id=OTHER_TENANT)
        await asyncio.gather(
            writer.submit(wallet.open_wallet("a", 5), caller("k")),
            writer.submit(wallet.open_wallet("a", 7, theirs), caller("k", tenant_id=OTHER_TENANT)),
        )
        rows = await inspected.rows("SELECT tenant_id, count(*)::int FROM es_event GROUP BY 1")
        assert sorted(rows) == [(wallet.TENANT, 2), (OTHER_TENANT, 2)]
