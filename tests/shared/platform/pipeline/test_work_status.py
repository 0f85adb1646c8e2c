"""What is left to do is read in no more time when more timers wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import asyncpg
import pytest

from shared.kernel.ids import PARTITIONS
from shared.platform.subscription.work_status import STORED

pytestmark = pytest.mark.connected

NOW: Final = datetime(2026, 1, 5, tzinfo=UTC)
WAITING: Final = 20_000
WAIT: Final = """
INSERT INTO es_timer (stream_id, name, due_at, since_version, partition_no, tenant_id)
SELECT gen_random_uuid(), 'w', $1::timestamptz + n * interval '1 minute', 1, abs(n) % $2,
       gen_random_uuid()
  FROM generate_series(-5, $3) n"""


async def test_reads_no_timers_but_those_due_and_the_next(
    make_database: Callable[..., str], platform_template: str
) -> None:
    connection = await asyncpg.connect(make_database(template=platform_template))
    try:
        await connection.execute(WAIT, NOW, PARTITIONS, WAITING)
        asked: tuple[object, ...] = (NOW, [], range(PARTITIONS))
        found = await connection.fetchrow(STORED, *asked)
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {STORED}", *asked))
    finally:
        await connection.close()

    assert found is not None
    due_at = datetime(2026, 1, 4, 23, 55, tzinfo=UTC)
    assert (found["timers_due"], found["next_timer_at"]) == (6, due_at)
    assert "Seq Scan on es_timer" not in plan, plan
