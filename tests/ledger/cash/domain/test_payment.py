from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.ledger.cash.domain.payment import commands, decide, events
from services.ledger.cash.domain.payment.state import State
from services.ledger.customers.domain.account import state as account
from shared.kernel import rejections
from shared.kernel.decider import Rejected
from shared.kernel.money import Money
from tests.support.ledger import ACCOUNT, ACCOUNT_ID, BOOK, DUE_ON, PAYMENT_ID, cny, noon, received
from tests.support.spec import given

RECEIVE = commands.ReceivePayment(
    book=BOOK,
    account_id=ACCOUNT_ID,
    number="P-1",
    amount=cny("20000.00"),
    value_on=DUE_ON,
    method="transfer",
    has_payer=False,
    reference=None,
    now=noon(DUE_ON),
)
REVERSE = commands.ReversePayment(
    payment_id=PAYMENT_ID,
    reason="bounced",
    invoices=(),
    effective_on=None,
    now=noon(date(2026, 3, 9)),
)


def share(amount: str, n: int = 1) -> events.Allocation:
    return events.Allocation(
        id=decide.allocation_id(PAYMENT_ID, n),
        invoice_id=UUID(int=n),
        invoice_number=f"I-{n}",
        installment=1,
        open_item_id=UUID(int=100 + n),
        amount=cny(amount),
        due_on=DUE_ON,
    )


def allocated(left: str, *shares: events.Allocation) -> events.PaymentAllocated:
    return events.PaymentAllocated(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="P-1",
        value_on=DUE_ON,
        allocations=shares,
        unallocated_amount=cny(left),
        allocated_on=DUE_ON,
    )


def taken_back(before: str, *shares: events.Allocation) -> events.PaymentReversed:
    return events.PaymentReversed(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="P-1",
        amount=cny("20000.00"),
        value_on=DUE_ON,
        reason="bounced",
        allocations=shares,
        unallocated_before=cny(before),
        reversed_on=DUE_ON,
    )


class TestReceive:
    def test_records_the_money_as_unallocated(self) -> None:
        given(decide.payment).when(decide.receive, RECEIVE, payment_id=PAYMENT_ID, of=ACCOUNT).then(
            received()
        )

    def test_refers_to_the_payer_by_id_only(self) -> None:
        given(decide.payment).when(
            decide.receive, replace(RECEIVE, has_payer=True), payment_id=PAYMENT_ID, of=ACCOUNT
        ).then(replace(received(), payer_id=decide.payer_of(PAYMENT_ID)))

    @pytest.mark.parametrize(
        ("change", "reason", "field"),
        [
            ({"amount": cny("0.00")}, rejections.AmountNotPositive, "/amount/amount"),
            ({"value_on": date(2026, 3, 3)}, rejections.EffectiveDateOutOfRange, "/value_on"),
            ({"value_on": date(1969, 1, 1)}, rejections.EffectiveDateOutOfRange, "/value_on"),
        ],
    )
    def test_refuses_what_can_never_be_right(
        self, change: dict[str, object], reason: type[Rejected], field: str
    ) -> None:
        command = replace(RECEIVE, **change)  # type: ignore[arg-type] # fields by name

        given(decide.payment).when(
            decide.receive, command, payment_id=PAYMENT_ID, of=ACCOUNT
        ).then_rejected(reason, field)

    def test_refuses_a_number_that_is_used_and_an_account_nobody_opened(self) -> None:
        given(decide.payment, received()).when(
            decide.receive, RECEIVE, payment_id=PAYMENT_ID, of=ACCOUNT
        ).then_rejected(rejections.NumberAlreadyUsed, "/number")
        given(decide.payment).when(
            decide.receive, RECEIVE, payment_id=PAYMENT_ID, of=account.NOT_OPENED
        ).then_rejected(rejections.UnknownAccount, "/account")


class TestAllocate:
    def test_says_what_is_left(self) -> None:
        shares = [share("11300.00", 1), share("5650.00", 2)]

        given(decide.payment, received()).when(_allocate, shares).then(
            allocated("3050.00", *shares)
        )

    def test_changes_nothing_without_shares(self) -> None:
        given(decide.payment, received()).when(_allocate, []).then_nothing()

    def test_refuses_more_than_is_left_and_names_the_share(self) -> None:
        given(decide.payment, received()).when(
            _allocate, [share("19999.99", 1), share("0.02", 2)]
        ).then_rejected(decide.AllocationExceedsPayment, "/allocations/1/amount/amount")

    def test_refuses_another_currency(self) -> None:
        other = replace(share("1.00"), amount=Money.of("1.00", "USD"))

        given(decide.payment, received()).when(_allocate, [other]).then_rejected(
            rejections.CurrencyMismatch
        )

    def test_refuses_more_shares_than_a_reversal_could_take_back(self) -> None:
        many = [share("0.01", n) for n in range(decide.ALLOCATIONS_MAX + 1)]

        given(decide.payment, received()).when(_allocate, many).then_rejected(
            decide.TooManyAllocations
        )

    def test_refuses_a_payment_that_is_reversed(self) -> None:
        given(decide.payment, received(), taken_back("20000.00")).when(
            _allocate, [share("1.00")]
        ).then_rejected(decide.PaymentIsReversed)


class TestReverse:
    def test_takes_back_every_allocation(self) -> None:
        given(decide.payment, received(), allocated("15000.00", share("5000.00"))).when(
            decide.reverse, REVERSE, reversed_on=DUE_ON
        ).then(taken_back("15000.00", share("5000.00")))

    def test_changes_nothing_the_second_time(self) -> None:
        given(decide.payment, received(), taken_back("20000.00")).when(
            decide.reverse, REVERSE, reversed_on=DUE_ON
        ).then_nothing()

    @pytest.mark.parametrize("other", [{"reason": "wrong"}, {"effective_on": date(2026, 3, 9)}])
    def test_refuses_another_reason_or_day_the_second_time(self, other: dict[str, Any]) -> None:
        given(decide.payment, received(), taken_back("20000.00")).when(
            decide.reverse, replace(REVERSE, **other), reversed_on=DUE_ON
        ).then_rejected(decide.PaymentIsReversed)

    def test_changes_nothing_when_the_day_is_said_again(self) -> None:
        again = replace(REVERSE, effective_on=DUE_ON)

        given(decide.payment, received(), taken_back("20000.00")).when(
            decide.reverse, again, reversed_on=DUE_ON
        ).then_nothing()


def _allocate(shares: list[events.Allocation], state: State) -> list[events.Event]:
    return list(decide.allocate(shares, state, allocated_on=DUE_ON))
