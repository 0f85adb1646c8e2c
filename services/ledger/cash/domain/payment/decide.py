"""Every rule of a payment alone. What concerns its invoices too is in ../allocation.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from services.ledger.cash.domain.payment import commands, events
from services.ledger.cash.domain.payment.evolve import evolve
from services.ledger.cash.domain.payment.state import (
    NOT_RECEIVED,
    Facts,
    Given,
    NotReceived,
    Received,
    Reversed,
    State,
)
from services.ledger.customers.domain.account import state as account
from services.ledger.customers.domain.business_day import business_day
from shared.kernel.decider import Aggregate, CorruptHistory, Decided, Rejected, expect
from shared.kernel.ids import derived, open_item_id
from shared.kernel.money import Money
from shared.kernel.rejections import (
    AmountNotPositive,
    CurrencyMismatch,
    NumberAlreadyUsed,
    UnknownAccount,
)

ALLOCATIONS_MAX: Final = 240  # of one payment: its reversal writes two events for each, at once
UNALLOCATED: Final = 0  # Stands where an open item of an invoice has its installment.


class PaymentIsReversed(Rejected): ...


class AllocationExceedsPayment(Rejected): ...


class TooManyAllocations(Rejected): ...


class Pointers(NamedTuple):
    """Where a request says what of a payment."""

    number: str = "/number"
    amount: str = "/amount"
    value_on: str = "/value_on"


OF_A_PAYMENT: Final = Pointers()


def receive(
    command: commands.ReceivePayment,
    state: State,
    *,
    payment_id: UUID,
    of: account.State,
    fields: Pointers = OF_A_PAYMENT,
) -> Decided[events.Event]:
    if not isinstance(of, account.Opened):
        raise UnknownAccount("/account")
    if not isinstance(state, NotReceived):
        raise NumberAlreadyUsed(fields.number)
    if command.amount.minor <= 0:
        raise AmountNotPositive(f"{fields.amount}/amount")
    value_on = business_day(
        command.value_on, now=command.now, zone=of.time_zone, field=fields.value_on
    )
    received = events.PaymentReceived(
        account_id=of.account_id,
        account_number=of.number,
        number=command.number,
        amount=command.amount,
        value_on=value_on,
        method=command.method,
        payer_id=payer_of(payment_id) if command.has_payer else None,
        reference=command.reference,
        open_item_id=open_item_id(payment_id, UNALLOCATED),
        time_zone=of.time_zone,
    )
    return Decided(value_on, [received], of.time_zone)


def still_there(state: State) -> Received:
    """A payment that money can be taken from."""
    if isinstance(state, Reversed):
        raise PaymentIsReversed
    return expect(state, Received)


def allocation_id(payment_id: UUID, n: int) -> UUID:
    """Of the n-th allocation of the payment, from 1."""
    return derived(payment_id, "allocation", n)


def allocate(
    allocations: Sequence[events.Allocation], state: State, *, allocated_on: date
) -> Sequence[events.Event]:
    """Never give away more than is left."""
    found = still_there(state)
    if not allocations:
        return []
    if len(found.allocations) + len(allocations) > ALLOCATIONS_MAX:
        raise TooManyAllocations("/allocations")
    facts, left = found.facts, found.unallocated
    for at, allocation in enumerate(allocations):
        if allocation.amount.currency != left.currency:
            raise CurrencyMismatch(f"/allocations/{at}/amount/currency")
        if allocation.amount > left:
            raise AllocationExceedsPayment(f"/allocations/{at}/amount/amount")
        left = left - allocation.amount
    return [
        events.PaymentAllocated(
            **facts.carried,
            allocations=tuple(allocations),
            unallocated_amount=left,
            allocated_on=allocated_on,
        )
    ]


def reverse(
    command: commands.ReversePayment, state: State, *, reversed_on: date
) -> Sequence[events.Event]:
    """The money did not come, or was not ours: all that was given is taken back.

    Once: said again with another reason, or of another day, it is refused and not swallowed.
    """
    if isinstance(state, Reversed):
        is_same_day = command.effective_on in (None, state.reversed_on)
        if command.reason != state.reason or not is_same_day:
            raise PaymentIsReversed
        return []
    found = expect(state, Received)
    facts = found.facts
    return [
        events.PaymentReversed(
            **facts.carried,
            amount=facts.amount,
            reason=command.reason,
            allocations=found.allocations,
            unallocated_before=found.unallocated,
            reversed_on=reversed_on,
        )
    ]


def facts_of(state: State) -> Facts:
    if isinstance(state, NotReceived):
        raise CorruptHistory("a payment that was never received has no facts")
    return state.facts


def given_by(state: State) -> Sequence[Given]:
    return state.given if isinstance(state, Received) else ()


def unallocated_of(state: State) -> Money:
    if isinstance(state, Received):
        return state.unallocated
    return Money.zero(facts_of(state).amount.currency)


def payer_of(payment_id: UUID) -> UUID:
    """Where the payer's name is kept."""
    return derived(payment_id, "party")


def _account_of(event: events.Event) -> UUID | None:
    return expect(event, events.PaymentReceived).account_id


payment: Final = Aggregate[State, events.Event](
    "payment", initial=NOT_RECEIVED, evolve=evolve, account_of=_account_of
)
