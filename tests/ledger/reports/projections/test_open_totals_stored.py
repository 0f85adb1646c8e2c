"""Totals of open items in a database: checked by `verify`, and made for a database of before."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from typing import Final

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from shared.platform.database.migrations import migrate
from tests.support.databases import Server
from tests.support.ledger_api import LedgerApi, ledger_api
from tests.support.ledger_tables import MIGRATIONS

pytestmark = pytest.mark.connected

ACCOUNTS: Final = 12  # in several partitions
OWNER: Final = "books_owner"
BEFORE: Final = (
    "ALTER TABLE invoice DROP COLUMN terms, ADD COLUMN add_days BIGINT",
    "ALTER TABLE invoice_installment DROP COLUMN discounts",
    "DROP TABLE open_total",
    "DROP INDEX open_item_tenant_id_legal_entity_account_number_account_id_c",
    "UPDATE service_version SET version_num = '0003'",
)
GIVE_AWAY: Final = """
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('ALTER TABLE %I OWNER TO {owner}', name);
  END LOOP;
END $$"""


@pytest.fixture
async def busy(
    make_database: Callable[..., str], ledger_template: str
) -> AsyncIterator[tuple[LedgerApi, str]]:
    """A ledger with open items of a dozen accounts, and its address."""
    url = make_database(template=ledger_template)
    async with ledger_api(url) as api:
        entity = {"code": "CN01", "name": "CN01", "time_zone": "UTC", "currency": "CNY"}
        await api.do("/legal-entities", entity)
        for n in range(ACCOUNTS):
            account = {"legal_entity": "CN01", "number": f"C-{n}"}
            await api.do("/accounts", {**account, "name": f"Customer {n}"})
            total = {"amount": f"{n + 1}.00", "currency": "CNY"}
            invoice = {"account": account, "number": f"I-{n}", "issued_on": "2026-01-05"}
            await api.do("/invoices", {**invoice, "total": total, "due_on": "2026-02-01"})
        await api.settle()
        yield api, url


class TestTotals:
    async def test_are_verified(self, busy: tuple[LedgerApi, str]) -> None:
        api, _ = busy
        assert await api.host.verify() == []

        async with api.database.bound([api.host.parts.tenant_id]) as connection:
            held = await connection.execute(text("SELECT partition_no, minor FROM open_total"))
            rows = held.all()
            await connection.execute(
                text("UPDATE open_total SET minor = minor + 1 WHERE partition_no = :n"),
                {"n": rows[0][0]},
            )
        (found,) = await api.host.verify()

        assert len(rows) > 1
        assert (found.table, found.column) == ("open_total", "minor")
        assert (found.stored, found.expected) == (str(rows[0][1] + 1), str(rows[0][1]))

    async def test_of_a_database_of_before_are_made_by_its_migration(
        self, busy: tuple[LedgerApi, str], server: Server
    ) -> None:
        """Also where the owner of the tables is no superuser, and sees no tenant's rows."""
        api, url = busy
        owner, before = f"books_owner_{os.getpid()}", make_url(url)
        database = str(before.database)
        for statement in (*BEFORE, f"CREATE ROLE {owner} LOGIN", GIVE_AWAY.format(owner=owner)):
            await asyncio.to_thread(server.execute, database, statement)
        await asyncio.to_thread(
            server.execute, database, f"GRANT ALL ON SCHEMA public TO {owner} WITH GRANT OPTION"
        )

        as_owner = before.set(username=owner).render_as_string(hide_password=False)
        await asyncio.to_thread(migrate, as_owner, MIGRATIONS)

        assert await api.host.verify() == []
        aging = await api.ask("/reports/aging", legal_entity="CN01")
        assert aging["currencies"][0]["total"]["items"] == ACCOUNTS
        for statement in (
            "REASSIGN OWNED BY {} TO CURRENT_USER",
            "DROP OWNED BY {}",
            "DROP ROLE {}",
        ):
            await asyncio.to_thread(server.execute, database, statement.format(owner))
