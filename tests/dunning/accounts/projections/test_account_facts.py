from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from services.dunning.accounts.projections.account_facts import READ_MODEL
from services.dunning.contract.inbox import (
    AccountCollectorChanged,
    CreditFileGradeChanged,
    InvoiceCanceled,
)
from tests.support.dunning import (
    ACCOUNT,
    ISSUED,
    ITEM_A,
    ITEM_B,
    TENANT,
    after,
    applied,
    in_order,
    issued,
    opened,
)
from tests.support.projecting import project

COLLECTOR = UUID(int=0xC2)
HISTORY = in_order(
    (opened(), ISSUED),
    (issued(ITEM_A, 1_000), ISSUED),
    (issued(ITEM_B, 2_000), ISSUED),
    (applied(ITEM_A, 700), after(1)),
    (applied(ITEM_A, 400), after(1)),
    (applied(ITEM_A, 300), after(-5)),
    (InvoiceCanceled(installments=issued(ITEM_B).installments), after(2)),
    (CreditFileGradeChanged(account_id=ACCOUNT, to_grade="良好"), after(-2)),
)


class TestFold:
    @pytest.mark.parametrize("batch", [1, 3, 1000])
    def test_remembers_what_was_open_when_the_last_day_of_movement_began(self, batch: int) -> None:
        items = project(READ_MODEL, HISTORY, batch=batch)["known_open_item"]

        item = items[TENANT, ITEM_A]
        assert (item.open_minor, item.moved_on, item.before_minor) == (300, after(1), 900)

    def test_closes_what_was_canceled(self) -> None:
        item = project(READ_MODEL, HISTORY)["known_open_item"][TENANT, ITEM_B]

        assert (item.open_minor, item.moved_on, item.before_minor) == (0, after(2), 2_000)

    def test_keeps_account_and_grades(self) -> None:
        tables = project(READ_MODEL, HISTORY)

        assert tables["known_account"][TENANT, ACCOUNT].number == "C-1001"
        assert tables["known_grade"][TENANT, ACCOUNT, after(-2)].grade == "良好"

    def test_follows_the_account_to_another_collector(self) -> None:
        handed_over = AccountCollectorChanged(account_id=ACCOUNT, collector_id=COLLECTOR)
        nobodys = AccountCollectorChanged(account_id=ACCOUNT, collector_id=None)
        history = in_order((opened(), ISSUED), (handed_over, after(1)))

        before = project(READ_MODEL, in_order((opened(), ISSUED)))["known_account"]
        assert before[TENANT, ACCOUNT].collector_id != COLLECTOR
        after_it = project(READ_MODEL, history)["known_account"]
        assert after_it[TENANT, ACCOUNT] == replace(before[TENANT, ACCOUNT], collector_id=COLLECTOR)
        in_the_end = in_order((opened(), ISSUED), (handed_over, after(1)), (nobodys, after(2)))
        assert (
            project(READ_MODEL, in_the_end)["known_account"][TENANT, ACCOUNT].collector_id is None
        )

    def test_knows_every_installment_of_an_invoice_and_closes_each(self) -> None:
        first, second = issued(ITEM_A, 1_000), issued(ITEM_B, 2_000)
        parts = (first.installments[0], replace(second.installments[0], installment=2))
        both = replace(first, installments=parts)
        whole = in_order((opened(), ISSUED), (both, ISSUED))
        canceled = InvoiceCanceled(installments=parts)

        items = project(READ_MODEL, whole)["known_open_item"]
        after_all = in_order((opened(), ISSUED), (both, ISSUED), (canceled, after(2)))
        closed = project(READ_MODEL, after_all)["known_open_item"]

        assert {key[1]: row.open_minor for key, row in items.items()} == {
            ITEM_A: 1_000,
            ITEM_B: 2_000,
        }
        assert {key[1]: row.open_minor for key, row in closed.items()} == {ITEM_A: 0, ITEM_B: 0}
