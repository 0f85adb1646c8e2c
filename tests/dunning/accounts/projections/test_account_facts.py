from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.dunning.accounts.projections.account_facts import READ_MODEL
from services.dunning.contract.inbox import (
    CreditFileGradeChanged,
    InvoiceCanceled,
    InvoicePaymentUnapplied,
    PaymentReceived,
    PaymentReversed,
    TakeOverDateChanged,
)
from tests.support.dunning import (
    ACCOUNT,
    ISSUED,
    ITEM_A,
    ITEM_B,
    TENANT,
    after,
    allocated,
    applied,
    approached,
    became_overdue,
    cured,
    in_order,
    issued,
    opened,
    reached,
    recorded,
    registered,
    yuan,
)
from tests.support.projecting import project

COLLECTOR = UUID(int=0xC2)
EVERY_BATCH = pytest.mark.parametrize("batch", [1, 3, 1000])
PAYMENT = UUID(int=33)


def steps_of(*events: Any, batch: int) -> tuple[int, int | None]:
    """What is open of the item after these, and the step it has reached."""
    days = [(event, after(1)) for event in events]
    item = project(READ_MODEL, in_order((issued(ITEM_A, 1_000), ISSUED), *days), batch=batch)[
        "known_open_item"
    ][TENANT, ITEM_A]
    return item.open_minor, item.latest_step


@EVERY_BATCH
class TestItems:
    def test_know_how_far_they_are(self, batch: int) -> None:
        assert steps_of(batch=batch) == (1_000, None)
        assert steps_of(approached(), batch=batch) == (1_000, -3)
        assert steps_of(approached(), became_overdue(), reached(30), batch=batch) == (1_000, 30)

    def test_start_anew_after_a_cure(self, batch: int) -> None:
        paid = (became_overdue(), reached(30), applied(ITEM_A, 0), cured())
        back = InvoicePaymentUnapplied(open_item_id=ITEM_A, open_amount=yuan(1_000))

        assert steps_of(*paid, batch=batch) == (0, None)
        assert steps_of(*paid, back, batch=batch) == (1_000, None)
        assert steps_of(*paid, back, became_overdue(), batch=batch) == (1_000, 1)

    def test_know_what_is_open(self, batch: int) -> None:
        assert steps_of(applied(ITEM_A, 700), applied(ITEM_A, 300), batch=batch) == (300, None)

    def test_close_with_their_invoice(self, batch: int) -> None:
        canceled = InvoiceCanceled(installments=issued(ITEM_A, 1_000).installments)

        assert steps_of(canceled, batch=batch) == (0, None)

    def test_are_every_installment_of_an_invoice(self, batch: int) -> None:
        first, second = issued(ITEM_A, 1_000), issued(ITEM_B, 2_000)
        parts = (first.installments[0], replace(second.installments[0], installment=2))
        whole = in_order((replace(first, installments=parts), ISSUED))
        closed = in_order(
            (replace(first, installments=parts), ISSUED),
            (InvoiceCanceled(installments=parts), after(2)),
        )

        items = project(READ_MODEL, whole, batch=batch)["known_open_item"]
        assert {key[1]: row.open_minor for key, row in items.items()} == {
            ITEM_A: 1_000,
            ITEM_B: 2_000,
        }
        items = project(READ_MODEL, closed, batch=batch)["known_open_item"]
        assert {row.open_minor for row in items.values()} == {0}

    def test_without_a_due_date_are_not_kept(self, batch: int) -> None:
        without = replace(issued().installments[0], due_on=None)
        whole = in_order(
            (replace(issued(), installments=(without,)), ISSUED), (applied(ITEM_A, 1), after(1))
        )

        assert project(READ_MODEL, whole, batch=batch)["known_open_item"] == {}


def unallocated(*events: Any, batch: int) -> dict[Any, int]:
    rows = project(
        READ_MODEL,
        [
            recorded(event, after(n), stream=PAYMENT, version=n + 1, offset=n)
            for n, event in enumerate(events)
        ],
        batch=batch,
    )["known_payment"]
    return {(key[1], row.currency): row.unallocated_minor for key, row in rows.items()}


@EVERY_BATCH
class TestPayments:
    RECEIVED = PaymentReceived(account_id=ACCOUNT, amount=yuan(1_000))

    def test_are_kept_with_what_is_given_to_nothing(self, batch: int) -> None:
        some = allocated((1, 600), value_on=after(1), unallocated=400)

        assert unallocated(self.RECEIVED, batch=batch) == {(PAYMENT, "CNY"): 1_000}
        assert unallocated(self.RECEIVED, some, batch=batch) == {(PAYMENT, "CNY"): 400}

    def test_are_dropped_when_all_is_given(self, batch: int) -> None:
        whole = allocated((1, 1_000), value_on=after(1), unallocated=0)

        assert unallocated(self.RECEIVED, whole, batch=batch) == {}

    def test_are_dropped_when_they_are_returned(self, batch: int) -> None:
        back = PaymentReversed(account_id=ACCOUNT, value_on=after(1), allocations=())

        assert unallocated(self.RECEIVED, back, batch=batch) == {}


@EVERY_BATCH
class TestAccountsAndEntities:
    def test_are_kept_with_their_grades(self, batch: int) -> None:
        tables = project(
            READ_MODEL,
            in_order(
                (opened(), ISSUED),
                (CreditFileGradeChanged(account_id=ACCOUNT, to_grade="良好"), after(-2)),
            ),
            batch=batch,
        )

        account = tables["known_account"][TENANT, ACCOUNT]
        assert (account.number, account.time_zone) == ("C-1001", "Asia/Shanghai")
        assert tables["known_grade"][TENANT, ACCOUNT, after(-2)].grade == "良好"

    def test_know_the_take_over_date_and_the_least_worth_a_notice(self, batch: int) -> None:
        changed = TakeOverDateChanged(code="CN01", take_over_on=after(5))
        rows = project(
            READ_MODEL, in_order((registered(after(1)), ISSUED), (changed, ISSUED)), batch=batch
        )["known_legal_entity"]

        entity = rows[TENANT, "CN01"]
        assert entity.take_over_on == after(5)
        assert (entity.minimum_minor, entity.currency) == (100, "CNY")

    def test_stand_without_a_take_over_date(self, batch: int) -> None:
        rows = project(READ_MODEL, in_order((registered(), ISSUED)), batch=batch)

        assert rows["known_legal_entity"][TENANT, "CN01"].take_over_on is None
