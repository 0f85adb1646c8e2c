from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from services.cli.commands.revision import revise, tables_of
from services.cli.installed import RUNTIMES
from shared.platform.database.migrations import migrate
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.projector.port import Projection
from shared.platform.projector.rows import Index, row
from tests.support.data_folders import parent
from tests.support.databases import Server


@row(table="remark", key=("tenant_id", "remark_id"), indexes=(Index(("tenant_id", "text")),))
@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkRow:
    tenant_id: UUID
    remark_id: UUID
    text: str
    stars: int | None


REMARKS = Projection("remarks", ("ledger",), (RemarkRow,), lambda _: (), lambda rows, _: rows)


@pytest.mark.connected
class TestRevise:
    @pytest.fixture(autouse=True)
    def makes_its_server_where_files_are_cheap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", parent())

    def test_writes_what_a_new_row_asks_for_and_then_nothing_more(self, tmp_path: Path) -> None:
        runtime = RUNTIMES["credit"]
        migrations = tmp_path / "migrations"
        shutil.copytree(runtime.migrations, migrations)
        service = runtime.service(PlatformSettings(data=tmp_path))
        wider = replace(service, projections=[*service.projections, REMARKS])

        written = revise(wider, migrations, "Keep remarks")

        assert written is not None
        assert written.name.endswith("_keep_remarks.py")
        text = written.read_text("utf-8")
        assert "op.create_table('remark'" in text
        assert 'protect(op, "remark")' in text
        assert "#" not in text  # Alembic's remarks are left out.
        assert revise(wider, migrations, "Keep remarks") is None

    @pytest.mark.parametrize("name", RUNTIMES)
    def test_finds_nothing_to_write_for_a_service_as_it_is(self, name: str, tmp_path: Path) -> None:
        runtime = RUNTIMES[name]
        migrations = tmp_path / "migrations"
        shutil.copytree(runtime.migrations, migrations)

        assert (
            revise(runtime.service(PlatformSettings(data=tmp_path)), migrations, "nothing") is None
        )

    @pytest.mark.parametrize("name", RUNTIMES)
    def test_every_table_shows_its_rows_to_their_tenant_only(
        self, name: str, server: Server, tmp_path: Path
    ) -> None:
        runtime = RUNTIMES[name]
        service = runtime.service(PlatformSettings(data=tmp_path))
        database = server.create()
        migrate(server.url_of(database), runtime.migrations)

        try:
            assert {table.name for table in tables_of(service)} <= asyncio.run(
                _protected(server.url_of(database))
            )
        finally:
            server.drop(database)


async def _protected(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
        )
    finally:
        await connection.close()
    return {row["relname"] for row in rows}
