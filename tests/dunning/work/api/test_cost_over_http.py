"""What one customer with very many items of one due date costs: in proportion to the items."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from shared.platform.database.pools import Database
from tests.support.dunning import after, at
from tests.support.dunning_book import DAY, DunningBook, local
from tests.support.dunning_running import RunningDunning

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

DUE = date(2026, 3, 2)
SETTLED_S_MAX = 120.0
FEW, MANY = 2_000, 8_000
DEARER_MAX = 2.0  # times, an item among four times as many: a square would be four times


class Cost(NamedTuple):
    work_s: float  # Of this process, from the crossings to notices and tasks.
    listed: int
    notices: int
    tasks: int
    alerts: int


async def cost_of(items: int, dunning: RunningDunning) -> Cost:
    book = DunningBook(dunning)
    await book.open(grade="较差")
    for n in range(items):
        await book.issue(n, DUE)
    await dunning.settled(SETTLED_S_MAX)
    await book.until(local(DUE + DAY, 0))
    for n in range(items):
        await book.reach(n, 1)
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


async def test_an_item_costs_the_same_among_few_and_among_many(
    make_database: Callable[..., str], dunning_template: str, tmp_path: Path
) -> None:
    """Seen: 2,800 items stopped dunning for everybody, and the cost grew with the square."""
    costs: list[Cost] = []
    for items in (FEW, MANY):
        database = Database(make_database(template=dunning_template))
        dunning = RunningDunning(database, tmp_path / f"mail{items}", at(after(-3)))
        await dunning.host.start()
        costs.append(await cost_of(items, dunning))
        await dunning.http.aclose()
        await dunning.host.stop()
    few, many = costs

    assert few[1:] == (FEW, FEW // 200, 1, FEW)
    assert many[1:] == (MANY, MANY // 200, 1, MANY)
    assert many.work_s / MANY < DEARER_MAX * few.work_s / FEW
