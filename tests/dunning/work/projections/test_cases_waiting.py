"""Which reviews a corrected take-over date concerns: of its legal entity, while history waits."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from services.dunning.accounts.projections.account_facts import AccountRow
from services.dunning.contract.inbox import TakeOverDateChanged
from services.dunning.work.domain.case.decide import case_stream
from services.dunning.work.projections.case_plan import cases_waiting
from shared.platform.database.pools import Database
from tests.support.dunning import BOOK, TENANT, at, recorded
from tests.support.dunning_rows import TODAY, Rows, id_of

pytestmark = pytest.mark.connected

LATER = at(TODAY + timedelta(days=365))


def case_of(n: int) -> UUID:
    return case_stream(BOOK, account_id=id_of("account", n), currency="CNY").id


async def test_are_those_of_the_entity_in_which_history_waits(dunning_database: Database) -> None:
    rows = Rows()
    for n, entity in enumerate(["CN01", "CN01", "CN01", "CN01", "CN02"]):
        account = id_of("account", n)
        rows.put(
            AccountRow,
            account_id=account,
            legal_entity=entity,
            number=f"C-{n}",
            time_zone="UTC",
            currency="CNY",
        )
        rows.plan(n, None if n == 3 else LATER)
        rows.waits(n, 0, 30, is_history=n != 2)
    await rows.store(dunning_database)
    changed = recorded(TakeOverDateChanged(code="CN01", take_over_on=TODAY), TODAY)

    async with dunning_database.bound({TENANT}, snapshot=True) as connection:
        found = await cases_waiting(connection, changed)

    # Of the others one waits for no history, one for no review, one is of another entity.
    assert set(found) == {case_of(0), case_of(1)}
