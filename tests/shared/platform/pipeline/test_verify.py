"""A check that finds nothing must be able to find something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from shared.platform.hosting.verify import verify
from shared.platform.log.port import EventLog
from shared.platform.projector.verify import Difference
from tests.support import purse
from tests.support.till import NAME, Till, account, open_filled

pytestmark = pytest.mark.connected


@pytest.fixture
async def shop(url: str, log: EventLog) -> AsyncIterator[Till]:
    shop = Till(url, log)
    await shop.start()
    due = purse.NOW + timedelta(days=1)
    await shop.do(*(open_filled(f"P-{n}", 10, account(n), due) for n in range(20)))
    await shop.do(*(purse.spend(f"P-{n}", 1 + n) for n in range(10)))
    shop.clock.move(due)
    shop.workers.wake()
    await shop.settle()
    yield shop
    await shop.stop()


async def differences(shop: Till) -> Sequence[Difference]:
    return await verify(
        shop.service,
        database=shop.database,
        log=shop.log,
        topics=shop.topics,
        tenants=[purse.TENANT],
    )


class TestVerify:
    async def test_finds_nothing_where_nothing_is_wrong(self, shop: Till) -> None:
        assert await differences(shop) == []

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
        self, shop: Till, damage: str, table: str, column: str
    ) -> None:
        stream = purse.stream("P-3").id
        await shop.workers.stop()
        async with shop.database.bound([purse.TENANT]) as connection:
            await connection.exec_driver_sql(damage.format(s=stream))
        found = await differences(shop)
        assert [(d.table, d.column) for d in found] == [(table, column)]
        assert str(stream) in found[0].key

    async def test_goes_no_further_than_the_cursor(self, shop: Till) -> None:
        await shop.workers.stop()
        await shop.do(purse.spend("P-15", 5))
        assert await differences(shop) == []

    async def test_names_a_partition_that_stands_still(self, shop: Till) -> None:
        await shop.workers.stop()
        async with shop.database.unbound() as connection:
            await connection.exec_driver_sql(
                "UPDATE es_cursor SET state = 'halted', error = 'VersionGap'"
                " WHERE worker = 'reactions' AND partition_no = 3"
            )
        (found,) = await differences(shop)
        assert (found.table, found.column) == ("es_cursor", "state")
        assert found.key == f"reactions {shop.topics.events_of(NAME)}/3"
        assert found.stored == "halted (VersionGap)"
