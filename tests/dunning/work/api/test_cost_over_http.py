"""What one customer with very many items of one due date costs: in proportion, and nobody else."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest

from shared.kernel.ids import partition_of
from shared.platform.database.pools import Database
from tests.support.dunning import ACCOUNT, after, at
from tests.support.dunning_book import DAY, DunningBook, local
from tests.support.dunning_running import RunningDunning

pytestmark = [pytest.mark.connected, pytest.mark.timeout(600)]

DUE = date(2026, 3, 2)
SETTLED_S_MAX = 240.0
FEW, MANY = 1_800, 7_200
NEIGHBOR = next(
    UUID(int=n) for n in range(1, 1_000) if partition_of(UUID(int=n)) == partition_of(ACCOUNT)
)
DEARER_MAX = 2.0  # times, an item among four times as many: a square would be four times


class Cost(NamedTuple):
    work_s: float  # Of this process, from the crossings to notices and tasks.
    listed: int
    notices: int
    tasks: int
    alerts: int


async def cost_of(items: int, dunning: RunningDunning) -> Cost:
    """What it took to do what follows for a customer of so many items, and a neighbor of one."""
    book, small = DunningBook(dunning), DunningBook(dunning, NEIGHBOR)
    for one in (book, small):
        await one.open(grade="较差")
    for n in range(items):
        await book.issue(n, DUE)
    await small.issue(items, DUE)
    await dunning.settled(SETTLED_S_MAX)
    await book.until(local(DUE + DAY, 0))
    for n in range(items):
        await book.reach(n, 1)
    await small.reach(items, 1)
    began_s = time.process_time()
    await dunning.settled(SETTLED_S_MAX)
    await book.until(local(DUE + DAY, 9))
    work_s = time.process_time() - began_s
    notices = await book.notices()
    return Cost(
        work_s,
        sum(lines for _, _, lines in notices),
        len(notices),
        len(await book.tasks()),
        len(await book.alerts()),
    )


async def all_is_done(items: int, account: UUID, dunning: RunningDunning) -> None:
    notices = await dunning.items("/v1/notices", account_id=str(account))
    assert {notice["status"] for notice in notices} == {"accepted"}
    assert sum(len(notice["items"]) for notice in notices) == items
    (task,) = await dunning.items("/v1/tasks", account_id=str(account))
    assert task["item_count"] == items


async def test_an_item_costs_the_same_among_few_and_among_many_and_harms_no_other_customer(
    make_database: Callable[..., str], dunning_template: str, tmp_path: Path
) -> None:
    """Seen: the cost grew with the square, and 2,800 items stopped dunning silently for all."""
    costs: list[Cost] = []
    for items in (FEW, MANY):
        database = Database(make_database(template=dunning_template))
        dunning = RunningDunning(database, tmp_path / f"mail{items}", at(after(-3)))
        await dunning.host.start()
        costs.append(await cost_of(items, dunning))
        await all_is_done(items, ACCOUNT, dunning)
        await all_is_done(1, NEIGHBOR, dunning)
        assert await dunning.get("/health/ready") == {"status": "ok"}
        await dunning.http.aclose()
        await dunning.host.stop()
    few, many = costs

    assert few[1:] == (FEW + 1, FEW // 200 + 1, 2, FEW + 1)  # One of each is the neighbor's.
    assert many[1:] == (MANY + 1, MANY // 200 + 1, 2, MANY + 1)
    assert many.work_s / MANY < DEARER_MAX * few.work_s / FEW
