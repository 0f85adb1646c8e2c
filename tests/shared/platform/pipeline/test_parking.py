"""A reaction that fails for ever concerns the stream of its event; everything else goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from shared.kernel.envelope import Recorded
from shared.kernel.ids import partition_of
from shared.platform.database.pools import driver
from shared.platform.hosting.verify import verify
from shared.platform.log.port import EventLog, NewRecord
from shared.platform.reactor.port import Effect, Unreachable
from shared.platform.subscription import parking
from shared.platform.subscription.consumer import Cursors
from shared.platform.subscription.parking import Parking
from shared.platform.subscription.work_status import WorkStatus, want_retry
from tests.support.toy import wallet, wallets
from tests.support.toy.poison import (
    BAD,
    ONE_PARTITION,
    WALLETS,
    Poison,
    parked_with_more,
    put_away,
    spend_all,
    started,
    until,
)
from tests.support.toy.records import all_records
from tests.support.toy.running import RunningToy
from tests.support.toy.wallets import account

pytestmark = pytest.mark.connected


class TestPoisonInAReaction:
    async def test_parks_its_stream_and_nobody_else_waits(self, url: str, log: EventLog) -> None:
        toy = await started(url, log, Poison(BAD))
        with capture_logs() as lines:
            await spend_all(toy)
            await toy.settle()
        (one,) = (await toy.workers.status()).parked
        at = partition_of(account(ONE_PARTITION))
        assert (one.worker, one.partition, one.stream_id) == (
            "reactions",
            at,
            wallet.stream("P-4").id,
        )
        assert one.error == "ZeroDivisionError: 5 coins"
        assert (await toy.workers.status()).halted == []
        for n in range(WALLETS):
            assert await put_away(toy, f"P-{n}") == ([] if n == 4 else [n + 1])
        (said,) = (line for line in lines if line["log_level"] == "error")
        assert (said["event"], said["stream_id"]) == ("stream parked", str(one.stream_id))
        assert said["offset"] == one.first_offset
        await toy.workers.measure()
        assert wallets.metric("duebook_worker_parked_streams", worker="reactions") == 1
        assert wallets.metric("duebook_worker_parked_streams", worker="coins") == 0
        assert wallets.metric("duebook_worker_halted_partitions", worker="reactions") == 0
        await toy.stop()

    async def test_makes_what_comes_later_in_its_stream_wait(self, url: str, log: EventLog) -> None:
        toy = await parked_with_more(url, log)
        await toy.do(wallet.spend("P-5", 20))
        await toy.settle()
        assert await put_away(toy, "P-4") == []
        assert await put_away(toy, "P-5") == [6, 20]
        rows = await toy.rows(
            "SELECT version FROM proj_stream WHERE projection = 'reactions'"
            f" AND stream_id = '{wallet.stream('P-4').id}'"
        )
        assert [row.version for row in rows] == [2]  # Opened and filled.
        coins = await toy.rows(
            f"SELECT coins FROM coins WHERE stream_id = '{wallet.stream('P-4').id}'"
        )
        assert coins[0].coins == 100 - 5 - 11 - 12 - 13  # Projections have seen it all.
        await toy.stop()

    async def test_is_a_difference_that_verify_names(self, url: str, log: EventLog) -> None:
        toy = await parked_with_more(url, log)
        (found,) = await verify(
            toy.service,
            database=toy.database,
            log=log,
            topics=toy.topics,
            tenants=[wallet.TENANT],
        )
        assert (found.table, found.expected) == ("es_parked_stream", "none")
        assert found.stored == "parked (ZeroDivisionError: 5 coins)"
        assert str(wallet.stream("P-4").id) in found.key
        await toy.stop()

    async def test_halts_the_partition_when_it_is_everywhere(
        self, url: str, log: EventLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parking, "PARKED_MAX", 2)
        toy = await started(url, log, Poison(2, 4, 6))
        await spend_all(toy)
        status = await until(toy, lambda status: bool(status.halted))
        assert [one.error for one in status.halted] == ["ZeroDivisionError: 6 coins"]
        assert [one.stream_id for one in status.parked] == [
            wallet.stream("P-1").id,
            wallet.stream("P-3").id,
        ]
        done = [await put_away(toy, f"P-{n}") for n in range(WALLETS)]
        assert done == [[1], [], [3], [], [5], [], [], [], []]
        await toy.stop()

    async def test_is_not_what_a_gap_or_unreadable_bytes_are(self, url: str, log: EventLog) -> None:
        """An event is missing, or nobody knows whose it is: nothing can go on behind it."""
        toy = await started(url, log, Poison())
        await toy.do(wallets.fill("P-1", 10, 1), wallets.fill("P-2", 10, 2))
        await toy.settle()
        topic = toy.topics.events_of(wallets.NAME)
        for at, record in await all_records(log, topic):
            headers = record.headers
            if headers["ce_sequence"] == b"2":
                is_first = headers["ce_streamid"] == str(wallet.stream("P-1").id).encode()
                version = b"9" if is_first else b"3"
                ahead = {**headers, "ce_sequence": version}
                value = record.value if is_first else b'{"coins": "many"}'
                await log.append(*at, [NewRecord(record.key, value, ahead)])

        def stands(status: WorkStatus) -> bool:
            return sum(one.worker == "reactions" for one in status.halted) == 2

        status = await until(toy, stands)
        errors = {one.error.partition(":")[0] for one in status.halted}
        assert errors == {"VersionGap", "UndecodableEvent"}
        assert status.parked == ()
        await toy.stop()


class TestPoisonInAProjection:
    async def test_halts_its_partition_as_before(self, url: str, log: EventLog) -> None:
        toy = await started(url, log, Poison())
        await toy.do(wallets.fill("P-1", 666, 1))
        status = await until(toy, lambda status: bool(status.halted))
        assert [one.worker for one in status.halted] == ["coins"]
        assert status.parked == ()
        await toy.stop()


class TestRetry:
    async def test_comes_with_a_new_process_and_does_all_in_order_once(
        self, url: str, log: EventLog
    ) -> None:
        toy = await parked_with_more(url, log)
        await toy.stop()
        mended = await started(url, log, Poison())
        with capture_logs() as lines:
            await until(mended, lambda status: not status.parked)
        assert await put_away(mended, "P-4") == [5, 11, 12, 13]
        assert [line["event"] for line in lines if line["log_level"] == "error"] == []
        assert "stream not parked any more" in [line["event"] for line in lines]
        await mended.do(wallet.spend("P-4", 20))
        await mended.settle()
        assert await put_away(mended, "P-4") == [5, 11, 12, 13, 20]
        for n in (3, 5):
            assert await put_away(mended, f"P-{n}") == [n + 1]
        await mended.stop()

    async def test_that_fails_again_goes_as_far_as_it_can_and_harms_nobody(
        self, url: str, log: EventLog
    ) -> None:
        toy = await parked_with_more(url, log)
        (before,) = (await toy.workers.status()).parked
        await toy.stop()
        half = await started(url, log, Poison(12))
        status = await until(half, lambda status: status.parked[0].error.endswith("12 coins"))
        assert await put_away(half, "P-4") == [5, 11]
        assert status.parked[0].first_offset > before.first_offset
        assert status.parked[0].parked_at == before.parked_at
        await half.do(wallet.spend("P-3", 30), wallet.spend("P-4", 31))
        await half.settle()
        assert await put_away(half, "P-3") == [4, 30]
        assert await put_away(half, "P-4") == [5, 11]
        await half.stop()
        mended = await started(url, log, Poison())
        await until(mended, lambda status: not status.parked)
        assert await put_away(mended, "P-4") == [5, 11, 12, 13, 31]
        await mended.stop()

    async def test_is_made_when_somebody_wants_it(self, url: str, log: EventLog) -> None:
        poison = Poison(BAD)
        toy = await started(url, log, poison)
        await spend_all(toy)
        await until(toy, lambda status: len(status.parked) == 1)
        stream = wallet.stream("P-4").id
        for is_mended in (False, True):
            if is_mended:
                poison.coins.clear()
            async with toy.database.unbound() as connection:
                (wanted,) = await want_retry(await driver(connection), stream)
                assert wanted.retry_wanted
            await until(toy, lambda status: not any(one.retry_wanted for one in status.parked))
            assert await put_away(toy, "P-4") == ([5] if is_mended else [])
        assert (await toy.workers.status()).parked == ()
        await toy.stop()

    async def test_of_a_stream_that_is_not_parked_is_nothing(self, url: str, log: EventLog) -> None:
        toy = await parked_with_more(url, log)
        async with toy.database.unbound() as connection:
            assert await want_retry(await driver(connection), UUID(int=1)) == []
        (one,) = (await toy.workers.status()).parked
        assert not one.retry_wanted
        await toy.stop()

    async def test_goes_in_small_steps_between_which_others_go_on(
        self, url: str, log: EventLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        toy = await parked_with_more(url, log)
        await toy.do(*(wallet.spend(f"P-{n % 4}", 1) for n in range(200)))
        await toy.settle()
        await toy.stop()
        monkeypatch.setattr(parking, "RETRY_RECORDS_MAX", 3)
        monkeypatch.setattr(parking, "RETRY_EVENTS_MAX", 1)
        monkeypatch.setattr(parking, "RETRY_S_MAX", 0.0)
        mended = RunningToy(url, log, described=Poison().service())
        parked_then: list[int] = []
        retry_some = Parking.retry_some

        async def slowly(self: Parking, cursors: Cursors) -> None:
            await retry_some(self, cursors)
            if len(parked_then) < 10:
                parked_then.append(len(self._parked))

        monkeypatch.setattr(Parking, "retry_some", slowly)
        await mended.start()
        await mended.do(wallet.spend("P-8", 9))
        await until(mended, lambda status: not status.parked)
        await mended.settle()
        assert await put_away(mended, "P-4") == [5, 11, 12, 13]
        assert await put_away(mended, "P-8") == [9, 9]
        assert len(parked_then) == 10  # Many steps, and parked in between.
        assert sum(parked_then) >= 5
        await mended.stop()

    async def test_is_made_by_whoever_takes_over(self, url: str, log: EventLog) -> None:
        """The process with the mistake lives on, beside one that has it mended."""
        toy = RunningToy(url, log, described=Poison(BAD).service(), instance="a", lease_ttl_s=1.0)
        await toy.start()
        await spend_all(toy)
        await until(toy, lambda status: len(status.parked) == 1)
        await toy.workers.stop()
        mended = RunningToy(url, log, described=Poison().service(), instance="b", lease_ttl_s=1.0)
        await mended.start()
        await until(mended, lambda status: not status.parked)
        assert await put_away(mended, "P-4") == [5]
        await mended.stop()
        await toy.stop()


class TestARowThatIsGone:
    async def test_lets_no_event_be_lost_in_silence(self, url: str, log: EventLog) -> None:
        """The worker passes over nothing that is not parked: it says that an event is missing."""
        poison = Poison(BAD)
        toy = await started(url, log, poison)
        await spend_all(toy)
        await until(toy, lambda status: len(status.parked) == 1)
        await toy.settle()
        poison.coins.clear()
        async with toy.database.unbound() as connection:
            await connection.exec_driver_sql("DELETE FROM es_parked_stream")
        await toy.do(wallet.spend("P-4", 11))
        status = await until(toy, lambda status: bool(status.halted))
        assert status.halted[0].error.startswith("VersionGap")
        await toy.stop()


class TestPoisonInAnEffect:
    async def test_parks_its_stream_where_nothing_follows_from_a_failure(
        self, url: str, log: EventLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.platform.reactor.effects.UNREACHABLE_REST_S", 0.02)
        monkeypatch.setattr(parking, "PUT_OFF_S", 0.1)
        bad, away, performed = {BAD}, [False], list[int]()

        async def perform(recorded: Recorded[Any], now: datetime) -> Sequence[Any]:
            if away[0]:
                away[0] = False
                raise Unreachable
            if recorded.event.coins in bad:
                raise ZeroDivisionError
            performed.append(recorded.event.coins)
            return [wallets.PutAway(wallet.BOOK, recorded.stream_id, recorded.event.coins, 0)]

        described = wallets.service(effects=[Effect("mail", wallet.Spent, perform)], reactions=[])
        toy = RunningToy(url, log, described=described)
        await toy.start()
        await spend_all(toy)
        status = await until(toy, lambda status: len(status.parked) == 1)
        assert (status.parked[0].worker, status.halted) == ("effect:mail", [])
        await toy.do(wallet.spend("P-4", 11))
        await toy.settle()
        assert await put_away(toy, "P-4") == []
        assert await put_away(toy, "P-8") == [9]
        await toy.stop()

        bad.clear()
        away[0] = True
        again = RunningToy(url, log, described=described)
        await again.start()
        await until(again, lambda status: not status.parked)
        assert await put_away(again, "P-4") == [5, 11]
        assert performed.count(5) == performed.count(11) == 1
        await again.stop()
