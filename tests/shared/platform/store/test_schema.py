"""What the application role may see and do in a service's database."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from uuid import UUID

import asyncpg
import pytest
from alembic import op
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shared.platform.database.pools import APP_ROLE, Database
from shared.platform.store.schema import (
    create_private_table,
    platform_statements,
    protect,
)
from tests.support.databases import Server
from tests.support.toy.wallet import OTHER_TENANT, TENANT

PRIVATE = ("party", "note")
PROTECTED = ("es_stream", "es_event", "es_command", "es_snapshot", *PRIVATE)
OPEN = (
    "es_outbox",
    "es_timer",
    "es_lease",
    "es_cursor",
    "es_parked_stream",
    "proj_stream",
    "domain_clock",
)


class Collected(list[str]):
    def execute(self, statement: str, /) -> None:
        self.append(statement)


@pytest.mark.connected
class TestThroughAlembic:
    async def test_makes_every_table(self, make_database: Callable[..., str]) -> None:
        url = make_url(make_database()).set(drivername="postgresql+asyncpg")
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(_migrate)
            for table in (*PROTECTED, *OPEN, "things"):
                found = await connection.execute(
                    text("SELECT to_regclass(:table) IS NOT NULL"), {"table": table}
                )
                assert found.scalar_one(), table
        await engine.dispose()


def _migrate(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        for statement in platform_statements():
            op.execute(statement)
        for table in PRIVATE:
            create_private_table(op, table)
        op.execute("CREATE TABLE things (tenant_id uuid PRIMARY KEY)")
        protect(op, "things")


@pytest.mark.connected
class TestRowSecurity:
    @pytest.mark.parametrize("table", PROTECTED)
    async def test_is_forced_on_what_belongs_to_tenants(
        self, platform_database: Database, table: str
    ) -> None:
        async with platform_database.unbound() as connection:
            found = await connection.execute(
                text(
                    "SELECT relrowsecurity, relforcerowsecurity FROM pg_class"
                    " WHERE oid = to_regclass(:table)"
                ),
                {"table": table},
            )
            assert found.one() == (True, True)

    @pytest.mark.parametrize("table", OPEN)
    async def test_is_off_where_only_ids_are(self, platform_database: Database, table: str) -> None:
        async with platform_database.unbound() as connection:
            found = await connection.execute(
                text("SELECT relrowsecurity FROM pg_class WHERE oid = to_regclass(:table)"),
                {"table": table},
            )
            assert found.scalar_one() is False

    async def test_shows_bound_tenants_only(
        self, make_database: Callable[..., str], platform_template: str, server: Server
    ) -> None:
        made = make_database(template=platform_template)
        statements = Collected(["CREATE TABLE things (tenant_id uuid PRIMARY KEY)"])
        protect(statements, "things")
        server.execute(made.partition("@/")[2].partition("?")[0], *statements)
        database = Database(made)
        async with database.bound([TENANT, OTHER_TENANT]) as connection:
            for tenant in (TENANT, OTHER_TENANT):
                await connection.execute(text("INSERT INTO things VALUES (:t)"), {"t": tenant})
        for tenants in ([], [TENANT], [TENANT, OTHER_TENANT]):
            async with database.bound(tenants) as connection:
                found = await connection.execute(text("SELECT tenant_id FROM things"))
                assert sorted(found.scalars()) == tenants
        async with database.unbound() as connection:  # '' after a bound one, and no error.
            assert (await connection.execute(text("SELECT 1 FROM things"))).all() == []
        with pytest.raises(Exception, match="row-level security"):
            async with database.bound([TENANT]) as connection:
                await connection.execute(text("INSERT INTO things VALUES (:t)"), {"t": UUID(int=8)})
        await database.close()


@pytest.mark.connected
class TestEvents:
    @pytest.mark.parametrize(
        "statement",
        ["UPDATE es_event SET version = 2", "DELETE FROM es_event", "TRUNCATE es_event"],
    )
    async def test_may_not_be_changed_by_the_application(
        self, platform_database: Database, statement: str
    ) -> None:
        connection = await platform_database.own_connection("test")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
        await connection.close()

    async def test_may_not_be_changed_by_the_owner_either(
        self, make_database: Callable[..., str], platform_template: str
    ) -> None:
        connection = await asyncpg.connect(make_database(template=platform_template))
        await connection.execute(
            "INSERT INTO es_stream VALUES (gen_random_uuid(), 'x', gen_random_uuid(),"
            " gen_random_uuid(), 'CN01', 0, 1)"
        )
        await connection.execute(
            "INSERT INTO es_event (stream_id, version, event_id, type, schema_ver, tenant_id,"
            " account_id, partition_no, effective_on, recorded_at, data, headers)"
            " SELECT stream_id, 1, gen_random_uuid(), 'x.v1', 1, tenant_id, account_id, 0,"
            " current_date, now(), '{}', '{}' FROM es_stream"
        )
        for statement in ("UPDATE es_event SET version = 2", "DELETE FROM es_event"):
            with pytest.raises(asyncpg.RestrictViolationError):
                await connection.execute(statement)
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute("TRUNCATE es_event")
        await connection.close()


@pytest.mark.connected
class TestMigratingAsAPlainOwner:
    async def test_works_for_several_services_at_once(self, server: Server) -> None:
        """No superuser; whoever comes first makes the application role."""
        owner, role = f"owner_{os.getpid()}", f"app_{os.getpid()}"
        names = [server.create() for _ in range(3)]
        server.execute("postgres", f"CREATE ROLE {owner} LOGIN CREATEROLE")
        for name in names:
            server.execute(name, f"GRANT ALL ON SCHEMA public TO {owner} WITH GRANT OPTION")

        async def migrate(name: str) -> None:
            url = make_url(server.url_of(name)).set(username=owner)
            connection = await asyncpg.connect(url.render_as_string())
            async with connection.transaction():
                for statement in platform_statements():
                    await connection.execute(statement.replace(APP_ROLE, role))
            await connection.execute(f"SET ROLE {role}")
            assert await connection.fetch("SELECT * FROM es_event") == []
            await connection.close()

        await asyncio.gather(*map(migrate, names))
        for name in names:
            server.drop(name)
        server.execute("postgres", f"DROP ROLE {role}", f"DROP ROLE {owner}")
