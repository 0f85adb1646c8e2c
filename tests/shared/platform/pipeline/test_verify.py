"""A check that finds nothing must be able to find something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from shared.kernel.envelope import Recorded
from shared.platform.hosting.verify import verify
from shared.platform.log.port import EventLog
from shared.platform.projector.port import Difference
from tests.support.toy import wallet
from tests.support.toy.running import RunningToy
from tests.support.toy.wallets import NAME, account, open_filled

pytestmark = pytest.mark.connected


@pytest.fixture
async def toy(url: str, log: EventLog) -> AsyncIterator[RunningToy]:
    toy = RunningToy(url, log, tail_events_min=2)  # All streams have a snapshot.
    await toy.start()
    due = wallet.NOW + timedelta(days=1)
    await toy.do(*(open_filled(f"P-{n}", 10, account(n), due) for n in range(20)))
    await toy.do(*(wallet.spend(f"P-{n}", 1 + n) for n in range(10)))
    toy.clock.move(due)
    toy.workers.wake()
    await toy.settle()
    yield toy
    await toy.stop()


async def differences(toy: RunningToy) -> Sequence[Difference]:
    return await verify(
        toy.service,
        database=toy.database,
        log=toy.log,
        topics=toy.topics,
        tenants=[wallet.TENANT],
    )


class TestVerify:
    async def test_finds_nothing_where_nothing_is_wrong(self, toy: RunningToy) -> None:
        assert await differences(toy) == []

    @pytest.mark.parametrize(
        ("damage", "table", "column"),
        [
            ("UPDATE coins SET coins = coins + 1 WHERE stream_id = '{s}'", "coins", "coins"),
            ("UPDATE coins SET changed_at = now() WHERE stream_id = '{s}'", "coins", "changed_at"),
            ("DELETE FROM coins WHERE stream_id = '{s}'", "coins", ""),
            ("DELETE FROM moves WHERE stream_id = '{s}' AND nth = 1", "moves", ""),
            ("UPDATE moves SET note = NULL WHERE stream_id = '{s}' AND nth = 1", "moves", "note"),
            ("DELETE FROM es_timer WHERE stream_id = '{s}'", "es_timer", ""),
            ("UPDATE es_timer SET since_version = 1 WHERE stream_id = '{s}'", "es_timer", ""),
            ("UPDATE es_timer SET due_at = now() WHERE stream_id = '{s}'", "es_timer", ""),
        ],
    )
    async def test_names_table_key_and_column(
        self, toy: RunningToy, damage: str, table: str, column: str
    ) -> None:
        stream = wallet.stream("P-3").id
        await toy.workers.stop()
        async with toy.database.bound([wallet.TENANT]) as connection:
            await connection.exec_driver_sql(damage.format(s=stream))
        found = await differences(toy)
        assert [(d.table, d.column) for d in found] == [(table, column)]
        assert str(stream) in found[0].key

    @pytest.mark.parametrize(
        ("damage", "stored", "expected"),
        [
            ("data = 'x'", "corrupt", "as folded to version {version}"),
            (
                "data = (SELECT data FROM es_snapshot WHERE stream_id = '{other}')",
                "another state, account_id",
                "as folded to version {version}",
            ),
            ("event_id = gen_random_uuid()", "of another version {version}", "none"),
            ("version = 100", "of another version 100", "none"),
            ("fingerprint = 'x', data = 'x'", None, None),
        ],
        ids=["corrupt", "another's", "another history", "the future", "of another fold"],
    )
    async def test_names_a_snapshot_that_is_not_what_the_events_say(
        self, toy: RunningToy, damage: str, stored: str | None, expected: str | None
    ) -> None:
        stream, other = wallet.stream("P-3").id, wallet.stream("P-4").id
        await toy.workers.stop()
        await toy.writer.close()  # Its snapshots are written.
        its = f"WHERE stream_id = '{stream}'"
        [(version,)] = await toy.rows(f"SELECT version FROM es_snapshot {its}")
        async with toy.database.bound([wallet.TENANT]) as connection:
            await connection.exec_driver_sql(
                f"UPDATE es_snapshot SET {damage.format(other=other)} {its}"
            )
        found = [(one.table, one.key, one.stored, one.expected) for one in await differences(toy)]
        if stored is None or expected is None:
            assert found == []
        else:
            said = stored.format(version=version), expected.format(version=version)
            assert found == [("es_snapshot", str(stream), *said)]

    async def test_goes_no_further_than_the_cursor(self, toy: RunningToy) -> None:
        await toy.workers.stop()
        await toy.do(wallet.spend("P-15", 5))
        assert await differences(toy) == []

    async def test_names_a_partition_that_stands_still(self, toy: RunningToy) -> None:
        await toy.workers.stop()
        async with toy.database.unbound() as connection:
            await connection.exec_driver_sql(
                "UPDATE es_cursor SET state = 'halted', error = 'VersionGap'"
                " WHERE worker = 'reactions' AND partition_no = 3"
            )
        (found,) = await differences(toy)
        assert (found.table, found.column) == ("es_cursor", "state")
        assert found.key == f"reactions {toy.topics.events_of(NAME)}/3"
        assert found.stored == "halted (VersionGap)"


class NobodyIsPoor:
    """Checks that nobody is left with nothing."""

    subscribes_to: Final = (NAME,)

    def __init__(self) -> None:
        self._coins: dict[str, int] = {}

    def take(self, recorded: Recorded[Any]) -> None:
        match recorded.event:
            case wallet.Filled(coins=coins):
                self._change(recorded, coins)
            case wallet.Spent(coins=coins):
                self._change(recorded, -coins)
            case _:
                pass

    def differences(self) -> Iterable[Difference]:
        for stream, coins in self._coins.items():
            if coins == 0:
                yield Difference("wallet", stream, "coins", str(coins), "at least 1")

    def _change(self, recorded: Recorded[Any], by: int) -> None:
        stream = str(recorded.stream_id)
        self._coins[stream] = self._coins.get(stream, 0) + by


async def test_names_what_a_check_of_the_service_finds_in_all_its_events(toy: RunningToy) -> None:
    toy.service = replace(toy.service, checks=[NobodyIsPoor])

    (found,) = await differences(toy)

    assert found == ("wallet", str(wallet.stream("P-9").id), "coins", "0", "at least 1")
