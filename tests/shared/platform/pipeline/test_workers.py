"""The pipeline of one service on a real PostgreSQL: from the writer to read models and commands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.kernel.decider import Accepted, AnyWork, Caller
from shared.kernel.envelope import Recorded
from shared.kernel.ids import derived, partition_of
from shared.platform.clock import monotonic_s
from shared.platform.hosting.workers import UnclearNames
from shared.platform.log import postgres
from shared.platform.log.port import EventLog, NewRecord
from shared.platform.outbox import relay
from shared.platform.reactor.port import Reaction
from shared.platform.subscription import progress
from shared.platform.timers import runtime as timers
from tests.support.toy import wallet, wallets
from tests.support.toy.records import all_records
from tests.support.toy.running import RunningToy
from tests.support.toy.wallets import account, open_filled

pytestmark = pytest.mark.connected
SOON_S: Final = 10.0
POLLED_S: Final = 60.0
WOKEN_S_MAX: Final = 2.0  # for the whole way, on a busy machine; one poll on it takes longer
LATER: Final = wallet.NOW + timedelta(days=400)


@pytest.fixture
def seldom_polled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was not woken comes so late that it shows, however busy the machine is."""
    for polls in (relay, timers, progress, postgres):
        monkeypatch.setattr(polls, "POLL_S", POLLED_S)


class TestTheWayOfAnEvent:
    async def test_leads_into_read_models_and_commands(self, toy: RunningToy) -> None:
        await toy.do(wallets.fill("P-1", 10))
        await toy.do(wallet.spend("P-1", 4))
        await toy.settle()
        stream = wallet.stream("P-1").id
        rows = await toy.rows(f"SELECT coins, changes FROM coins WHERE stream_id = '{stream}'")
        assert [tuple(row) for row in rows] == [(6, 3)]
        moves = await toy.rows("SELECT nth, coins, note FROM moves ORDER BY stream_id, nth")
        assert sorted(tuple(m) for m in moves) == [
            (1, 4, "Filled"),
            (1, 10, "Filled"),
            (2, -4, None),
        ]
        safe = wallets.safe_of(wallet.BOOK, stream).id
        rows = await toy.rows(f"SELECT coins FROM coins WHERE stream_id = '{safe}'")
        assert [row.coins for row in rows] == [4]

    async def test_carries_cause_and_business_date(self, toy: RunningToy) -> None:
        await toy.do(wallets.fill("P-1", 10))
        await toy.do(wallet.spend("P-1", 4))
        await toy.settle()
        safe = wallets.safe_of(wallet.BOOK, wallet.stream("P-1").id).id
        records = await all_records(toy.log, toy.topics.events_of(wallets.NAME))
        headers = [record.headers for _, record in records]
        spent = next(h for h in headers if h["ce_type"] == b"toy.wallet.spent.v2")
        put = next(h for h in headers if h["ce_streamid"] == str(safe).encode())
        source = UUID(spent["ce_id"].decode())
        name = "when_coins_were_spent_put_them_away"
        assert put["ce_id"] == str(derived(source, name, safe, 1)).encode()
        assert put["ce_causationid"] == spent["ce_id"]
        assert put["ce_correlationid"] == spent["ce_correlationid"]
        at = partition_of(account(0))
        assert put["ce_causationpos"] == f"{toy.topics.events_of(wallets.NAME)}/{at}/2".encode()
        assert put["ce_actor"] == b"system"

    async def test_publishes_public_types_to_both_topics(self, toy: RunningToy) -> None:
        await toy.do(open_filled("P-1", 5, account(1), wallet.NOW + timedelta(hours=1)))
        toy.clock.move(wallet.NOW + timedelta(hours=2))
        toy.workers.wake()
        await toy.settle()
        alerts = await all_records(toy.log, toy.topics.public("alerts"))
        assert [r.headers["ce_type"] for _, r in alerts] == [b"toy.wallet.postponed.v1"]
        assert alerts[0][0].partition == partition_of(account(1))

    async def test_takes_many_streams_at_once(self, toy: RunningToy) -> None:
        count = 400
        await toy.do(*(wallets.fill(f"P-{n}", 10, n % 40) for n in range(count)))
        await toy.do(*(wallet.spend(f"P-{n}", 1 + n % 3) for n in range(count)))
        await toy.settle()
        rows = await toy.rows("SELECT count(*), sum(coins), sum(changes) FROM coins")
        assert tuple(rows[0]) == (2 * count, 10 * count, 5 * count)
        for topic in (toy.topics.events_of(wallets.NAME),):
            assert sum(await toy.log.end_offsets(topic)) == 5 * count

    async def test_is_short_when_nothing_else_happens(
        self, seldom_polled: None, toy: RunningToy
    ) -> None:
        """Timer, relay, log, reactor, writer, relay, projector: woken hop by hop, not by polls."""
        await toy.do(wallets.fill("warm", 10))
        await toy.do(wallet.spend("warm", 1))
        await toy.settle()
        times: list[float] = []
        for n in range(10):
            await toy.do(wallets.fill(f"P-{n}", 10))
            await toy.settle()
            started_s = monotonic_s()
            await toy.do(wallet.spend(f"P-{n}", 1))
            safe = wallets.safe_of(wallet.BOOK, wallet.stream(f"P-{n}").id).id
            assert await toy.workers.wait_processed("coins", {safe: 2}, SOON_S)
            times.append(monotonic_s() - started_s)
        assert sorted(times)[5] < WOKEN_S_MAX, times


class TestDuplicatesAndGaps:
    async def test_a_record_published_twice_counts_once(self, toy: RunningToy) -> None:
        await toy.do(wallets.fill("P-1", 10))
        await toy.do(wallet.spend("P-1", 4))
        await toy.settle()
        topic = toy.topics.events_of(wallets.NAME)
        for at, record in await all_records(toy.log, topic):
            await toy.log.append(*at, [NewRecord(*record[1:])])
        await toy.settle()
        rows = await toy.rows("SELECT sum(coins), count(*), sum(changes) FROM coins")
        assert tuple(rows[0]) == (10, 2, 5)
        assert sum(await toy.log.end_offsets(topic)) == 10

    async def test_a_gap_halts_its_partition_and_no_other(self, toy: RunningToy) -> None:
        await toy.do(wallets.fill("P-1", 10, 1))
        await toy.settle()
        topic = toy.topics.events_of(wallets.NAME)
        (at, record) = (await all_records(toy.log, topic))[-1]
        ahead = {**record.headers, "ce_sequence": b"9"}
        await toy.log.append(*at, [NewRecord(record.key, record.value, ahead)])
        other = next(n for n in range(2, 99) if partition_of(account(n)) != at.partition)
        await toy.do(wallets.fill("P-2", 20, other), wallets.fill("P-3", 30, 1))
        assert await toy.workers.wait_processed("coins", {wallet.stream("P-2").id: 2}, SOON_S)
        assert not await toy.workers.wait_processed("coins", {wallet.stream("P-3").id: 1}, 0.5)
        status = await toy.workers.status()
        assert {(h.worker, h.topic, h.partition) for h in status.halted} == {
            (worker, topic, at.partition) for worker in ("coins", "moves", "reactions")
        }
        assert all(h.error.startswith("VersionGap") for h in status.halted)
        assert not status.is_settled
        await toy.workers.measure()
        assert wallets.metric("duebook_worker_halted_partitions", worker="coins") == 1

    async def test_an_event_the_fold_cannot_take_halts_right_before_it(
        self, toy: RunningToy
    ) -> None:
        n = 7
        works = [wallets.fill(f"P-{i}", 666 if i == 30 else i + 1, n) for i in range(60)]
        await toy.do(*works)
        assert await toy.workers.wait_processed("coins", {wallet.stream("P-29").id: 2}, SOON_S)
        await _until_halted(toy, "coins")
        rows = await toy.rows("SELECT count(*), max(coins) FROM coins")
        assert tuple(rows[0]) == (31, 30)  # The unlucky wallet is open, and not filled.
        cursors = await toy.rows("SELECT next_offset FROM es_cursor WHERE worker = 'coins'")
        assert max(row.next_offset for row in cursors) == 61
        assert await toy.workers.wait_processed("moves", {wallet.stream("P-59").id: 2}, SOON_S)

    async def test_undecodable_bytes_halt_and_name_no_content(self, toy: RunningToy) -> None:
        await toy.do(wallets.fill("P-1", 10, 1))
        await toy.settle()
        topic = toy.topics.events_of(wallets.NAME)
        (at, record) = (await all_records(toy.log, topic))[-1]
        ahead = {**record.headers, "ce_sequence": b"3"}
        await toy.log.append(*at, [NewRecord(record.key, b'{"coins": "secret"}', ahead)])
        await _until_halted(toy, "coins")
        status = await toy.workers.status()
        assert all("secret" not in h.error for h in status.halted)


async def _until_halted(toy: RunningToy, worker: str) -> None:
    end_s = monotonic_s() + SOON_S
    while worker not in {h.worker for h in (await toy.workers.status()).halted}:
        assert monotonic_s() < end_s
        await asyncio.sleep(0.02)


class TestReactions:
    async def test_see_the_projection_after_the_event(self, url: str, log: EventLog) -> None:
        seen: list[int] = []

        def react(recorded: Recorded[Any], facts: Any) -> Sequence[Any]:
            seen.append(facts)
            return []

        reaction = Reaction(
            "look", wallet.Spent, react, needs=("coins",), ask=wallets.ask_for_coins
        )
        toy = RunningToy(url, log, described=wallets.service(reactions=[reaction]))
        await toy.start()
        for n in range(20):
            await toy.do(wallets.fill(f"P-{n}", 10))
            await toy.do(wallet.spend(f"P-{n}", 4))
        await toy.settle()
        assert seen == [6] * 20
        await toy.stop()

    async def test_are_answered_together_where_they_ask_together(
        self, url: str, log: EventLog
    ) -> None:
        """Two reactions ask the same of many events: each event is asked about once a batch."""
        seen: list[tuple[UUID, int]] = []
        asked: list[UUID] = []

        async def ask_all(
            connection: AsyncConnection, events: Sequence[Recorded[Any]]
        ) -> Mapping[UUID, int]:
            asked.extend(recorded.id for recorded in events)
            return {each.id: await wallets.ask_for_coins(connection, each) for each in events}

        def react(recorded: Recorded[Any], facts: Any) -> Sequence[Any]:
            seen.append((recorded.id, facts))
            return []

        both = [
            Reaction(name, wallet.Spent, react, needs=("coins",), ask_all=ask_all)
            for name in ("look", "look_again")
        ]
        toy = RunningToy(url, log, described=wallets.service(reactions=both))
        await toy.start()
        for n in range(20):
            await toy.do(wallets.fill(f"P-{n}", 10))
            await toy.do(wallet.spend(f"P-{n}", 4))
        await toy.settle()
        assert [coins for _, coins in seen] == [6] * 40
        assert sorted(asked) == sorted({id for id, _ in seen})
        await toy.stop()

    async def test_repeated_from_the_start_write_nothing_new(
        self, toy: RunningToy, url: str
    ) -> None:
        await toy.do(*(wallets.fill(f"P-{n}", 10, n) for n in range(30)))
        await toy.do(*(wallet.spend(f"P-{n}", 1) for n in range(30)))
        await toy.settle()
        topic = toy.topics.events_of(wallets.NAME)
        before = await toy.log.end_offsets(topic)
        await toy.workers.stop()
        async with toy.database.unbound() as connection:
            for statement in (
                "UPDATE es_cursor SET next_offset = 0 WHERE worker = 'reactions'",
                "DELETE FROM proj_stream WHERE projection = 'reactions'",
            ):
                await connection.exec_driver_sql(statement)
        again = RunningToy(url, toy.log)
        await again.start()
        await again.settle()
        assert await toy.log.end_offsets(topic) == before
        await again.stop()

    async def test_go_on_after_a_rejection(self, url: str, log: EventLog) -> None:
        def react(recorded: Recorded[Any], facts: Any) -> Sequence[Any]:
            return [wallets.PutAway(wallet.BOOK, recorded.stream_id, recorded.event.coins, 0)]

        reaction = Reaction("refused", wallet.Spent, react)
        refusing = replace(
            wallets.service(reactions=[reaction]),
            handlers={wallets.PutAway: lambda command: wallet.spend("nowhere", 1)},
        )
        toy = RunningToy(url, log, described=refusing)
        await toy.start()
        await toy.do(wallets.fill("P-1", 10))
        await toy.do(wallet.spend("P-1", 4))
        await toy.settle()
        await toy.stop()


class TestTimers:
    async def test_fire_when_the_clock_passes_them(self, toy: RunningToy) -> None:
        due = wallet.NOW + timedelta(days=1)
        await toy.do(*(open_filled(f"P-{n}", 5, account(n), due) for n in range(20)))
        await toy.settle()
        status = await toy.workers.status()
        assert (status.timers_due, status.next_timer_at) == (0, due)
        toy.clock.move(due)
        toy.workers.wake()
        await toy.settle()
        rows = await toy.rows("SELECT count(*) FROM es_event WHERE type LIKE '%postponed%'")
        assert rows[0][0] == 20
        assert (await toy.workers.status()).next_timer_at == due + wallets.POSTPONED_BY

    async def test_catch_up_however_late(self, toy: RunningToy) -> None:
        due = wallet.NOW + timedelta(days=1)
        await toy.do(open_filled("P-1", 5, account(1), due))
        toy.clock.move(due + 3 * wallets.POSTPONED_BY)
        toy.workers.wake()
        await toy.settle()
        rows = await toy.rows("SELECT event_id FROM es_event WHERE type LIKE '%postponed%'")
        assert len(rows) == 4
        stream = wallet.stream("P-1").id
        first = derived(stream, "remind", 2, 1)
        assert first in {row.event_id for row in rows}

    async def test_one_that_stays_is_not_spun_on(self, toy: RunningToy) -> None:
        await toy.do(wallets.fill("P-1", 5, 1))
        await toy.settle()
        async with toy.database.unbound() as connection:
            await connection.exec_driver_sql(
                "INSERT INTO es_timer SELECT stream_id, 'stay', due_at - interval '10 years', 1,"
                " partition_no, tenant_id FROM es_timer"
            )
        fired = 0
        usual = toy.writer.enqueue

        def counting(
            work: AnyWork, caller: Caller, *, is_bulk: bool = False
        ) -> asyncio.Future[Accepted]:
            nonlocal fired
            fired += 1
            return usual(work, caller, is_bulk=is_bulk)

        toy.writer.enqueue = counting  # type: ignore[method-assign] # Counts only.
        toy.workers.wake()
        await asyncio.sleep(0.8)
        assert fired == 1
        assert (await toy.workers.status()).timers_due == 1


class TestWaitSeen:
    async def test_answers_at_once_what_is_seen_already(self, toy: RunningToy) -> None:
        await toy.do(wallets.fill("P-1", 10))
        await toy.settle()
        assert await toy.workers.wait_processed("coins", {wallet.stream("P-1").id: 2}, SOON_S)
        assert await toy.workers.wait_processed("coins", {}, SOON_S)

    async def test_gives_up_after_the_timeout(self, toy: RunningToy) -> None:
        started_s = monotonic_s()
        assert not await toy.workers.wait_processed("coins", {wallet.stream("P-9").id: 1}, 0.2)
        assert 0.15 < monotonic_s() - started_s < 1

    async def test_works_where_the_workers_are_elsewhere(
        self, toy: RunningToy, url: str, log: EventLog
    ) -> None:
        served = RunningToy(url, log)
        await served.start(at_work=False)
        await served.do(wallets.fill("P-1", 10))
        waits = [
            served.workers.wait_processed("coins", {wallet.stream("P-1").id: 2}, SOON_S)
            for _ in range(20)
        ]
        assert all(await asyncio.gather(*waits))
        await served.settle()
        await served.stop()


class TestNames:
    async def test_two_workers_of_one_name_are_refused(self, url: str, log: EventLog) -> None:
        described = wallets.service()
        twice = replace(described, projections=[described.projections[0]] * 2)
        with pytest.raises(UnclearNames):
            RunningToy(url, log, described=twice)
