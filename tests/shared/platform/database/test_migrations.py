"""Two chains of migrations in one database, whoever runs them and however many at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from services.cli.installed import RUNTIMES
from shared.platform.database.migrations import newest_of_both

pytestmark = pytest.mark.connected

ROOT: Final = Path(__file__).parents[4]
PROCESSES: Final = 3
MIGRATE: Final = (
    "import sys; from pathlib import Path;"
    " from shared.platform.database.migrations import migrate;"
    " migrate(sys.argv[1], Path(sys.argv[2]))"
)


async def migrated(url: str, folder: Path) -> tuple[int | None, str]:
    """Migrates in a process of its own; gives its exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", MIGRATE, url, str(folder)),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    return process.returncode, said.decode()


class TestMigrate:
    async def test_is_safe_for_processes_that_begin_at_once(
        self, make_database: Callable[..., str]
    ) -> None:
        """Each chain is locked by itself: one process may be in the second, others in the first."""
        url, folder = make_database(), RUNTIMES["ledger"].migrations

        outcomes = await asyncio.gather(*(migrated(url, folder) for _ in range(PROCESSES)))

        assert [status for status, _ in outcomes] == [0] * PROCESSES, outcomes
        connection = await asyncpg.connect(url)
        try:
            for table, revision in newest_of_both(folder).items():
                rows = await connection.fetch(f"SELECT version_num FROM {table}")
                assert [row[0] for row in rows] == [revision]
        finally:
            await connection.close()
