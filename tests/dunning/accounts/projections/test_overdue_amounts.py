"""What is overdue of a customer: always the sum of its items, in the fold and in its migration."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from services.dunning.accounts.projections.account_facts import READ_MODEL
from services.dunning.accounts.projections.overdue_amounts import OverdueRow
from services.dunning.contract.inbox import InvoiceCanceled, InvoicePaymentUnapplied
from shared.kernel.envelope import Recorded
from shared.platform.database.migrations import migrate
from shared.platform.database.pools import Database
from shared.platform.projector.rows import table_of
from tests.dunning.conftest import MIGRATIONS
from tests.support.databases import Server
from tests.support.dunning import (
    ISSUED,
    ITEM_A,
    ITEM_B,
    TENANT,
    after,
    applied,
    approached,
    became_overdue,
    cured,
    in_order,
    issued,
    reached,
    yuan,
)
from tests.support.projecting import Tables, project

MINOR: Final = 1_000
ITEMS: Final = st.sampled_from([ITEM_A, ITEM_B])
OPEN: Final = st.integers(0, MINOR)
BEFORE: Final = (
    "DROP TABLE known_overdue",
    "DROP INDEX dunning_case_tenant_id_account_id_currency",
    "UPDATE service_version SET version_num = '0003'",
)


def unapplied(item: UUID, minor: int) -> InvoicePaymentUnapplied:
    return InvoicePaymentUnapplied(open_item_id=item, open_amount=yuan(minor))


def canceled(item: UUID) -> InvoiceCanceled:
    return InvoiceCanceled(installments=issued(item, MINOR).installments)


EVENTS: Final = st.lists(
    st.one_of(
        *(st.builds(make, ITEMS) for make in (approached, became_overdue, cured, canceled)),
        *(st.builds(make, ITEMS, OPEN) for make in (applied, unapplied)),
        st.builds(lambda item: reached(30, item), ITEMS),
    ),
    max_size=12,
)


def story(*events: Any) -> list[Recorded[Any]]:
    """Two items are issued, then this."""
    begin = [(issued(item, MINOR), ISSUED) for item in (ITEM_A, ITEM_B)]
    return [*in_order(*begin, *((event, after(1)) for event in events))]


def of_items(tables: Tables) -> dict[Any, int]:
    found = Counter[Any]()
    for row in tables["known_open_item"].values():
        if row.latest_step is not None and row.latest_step > 0 and row.open_minor:
            found[row.tenant_id, row.account_id, row.currency] -= row.open_minor
    return dict(found)


class TestOverdue:
    @given(events=EVENTS, batch=st.integers(1, 5))
    def test_is_what_the_items_say(self, events: list[Any], batch: int) -> None:
        tables = project(READ_MODEL, story(*events), batch=batch)

        kept = {key: row.minus_minor for key, row in tables["known_overdue"].items()}
        assert kept == of_items(tables)

    def test_goes_with_the_last_item_that_is_overdue(self) -> None:
        due = (became_overdue(ITEM_A), became_overdue(ITEM_B))
        both = project(READ_MODEL, story(*due))["known_overdue"]
        assert [row.minus_minor for row in both.values()] == [-2 * MINOR]

        paid = (applied(ITEM_A, 0), cured(ITEM_A), canceled(ITEM_B))
        assert project(READ_MODEL, story(*due, *paid))["known_overdue"] == {}

    @pytest.mark.connected
    async def test_of_a_database_of_before_is_made_by_its_migration(
        self, make_database: Callable[..., str], dunning_template: str, server: Server
    ) -> None:
        url = make_database(template=dunning_template)
        tables = project(READ_MODEL, story(became_overdue(ITEM_A), applied(ITEM_A, 300)))
        database = Database(url)
        async with database.bound([TENANT]) as connection:
            for model in READ_MODEL.models:
                if rows := [asdict(row) for row in tables[model.name].values()]:
                    await connection.execute(sa.insert(model.table), rows)
        await database.close()
        await asyncio.to_thread(server.execute, str(make_url(url).database), *BEFORE)

        await asyncio.to_thread(migrate, url, MIGRATIONS)

        database = Database(url)
        async with database.bound([TENANT]) as connection:
            found = (await connection.execute(sa.select(table_of(OverdueRow)))).mappings().all()
        await database.close()
        assert [OverdueRow(**row) for row in found] == [*tables["known_overdue"].values()]
        assert [row["minus_minor"] for row in found] == [-300]
