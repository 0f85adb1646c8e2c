"""Decisions over a payment and the invoices it pays: neither gives or takes more than there is.

No installment is ever below zero or above its total on any day, whatever is dated back: an
allocation is not dated before the value date, the invoice date, or the last day on which money was
taken back from the invoice; a reversal not before any allocation it takes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from services.ledger.cash.domain.payment import commands
from services.ledger.cash.domain.payment import decide as on_payment
from services.ledger.cash.domain.payment import events as payment_events
from services.ledger.cash.domain.payment import state as payment
from services.ledger.customers.domain.business_day import business_day
from services.ledger.receivables.domain.invoice import decide as on_invoice
from services.ledger.receivables.domain.invoice import events as invoice_events
from services.ledger.receivables.domain.invoice import state as invoice
from shared.kernel.days import day_at
from shared.kernel.decider import Rejected, expect
from shared.kernel.money import Money
from shared.kernel.rejections import AmountNotPositive, CurrencyMismatch

SHARES_MAX: Final = 150  # installments one command may pay: three events each, in one transaction

Invoices = Mapping[UUID, invoice.State]


class ConcurrentChange(Rejected):
    """The payment was allocated further since the caller looked. Look again."""


class Decision(NamedTuple):
    """What happens to the payment and to each invoice, all on one business date."""

    effective_on: date
    of_payment: Sequence[payment_events.Event]
    of_invoices: Mapping[UUID, Sequence[invoice_events.Event]]


def allocate(
    command: commands.AllocatePayment,
    state: payment.State,
    invoices: Invoices,
    *,
    fields: Sequence[str] = (),
) -> Decision:
    """Named invoices; any share that does not fit refuses the whole command.

    `fields` are where the request says each share, if not under /allocations.
    """
    found = on_payment.still_there(state)
    fields = fields or [f"/allocations/{at}" for at, _ in enumerate(command.shares)]
    shares = _one_per_invoice(command.shares, found.facts.amount.currency, fields)
    for field, share in shares.items():
        on_invoice.allocatable(
            share.amount, found.facts.account_id, invoices[share.invoice_id], field=field
        )
    return _given(command, found, list(shares.values()), invoices, list(shares))


def allocate_oldest_first(
    command: commands.AllocateOldestFirst, state: payment.State, invoices: Invoices
) -> Decision:
    """As far as the money reaches. Candidates that cannot take any are passed over."""
    found = on_payment.still_there(state)
    room = min(SHARES_MAX, on_payment.ALLOCATIONS_MAX - len(found.allocations))
    left = found.unallocated
    shares: list[commands.Share] = []
    for invoice_id in dict.fromkeys(command.candidates):
        candidate = invoices[invoice_id]
        if not left.minor:
            break
        if not _can_take(candidate, found):
            continue
        amount = min(left, on_invoice.open_amount_of(candidate))
        room -= len(on_invoice.earliest_first(amount, expect(candidate, invoice.Open)))
        if room < 0:
            break
        shares.append(commands.Share(invoice_id=invoice_id, amount=amount))
        left = left - amount
    fields = [f"/allocations/{at}" for at, _ in enumerate(shares)]
    return _given(command, found, shares, invoices, fields)


def reverse(command: commands.ReversePayment, state: payment.State, invoices: Invoices) -> Decision:
    """Every invoice gets back what it was given; those that were settled are open again."""
    facts = on_payment.facts_of(state)
    today = day_at(command.now, facts.time_zone)
    if not isinstance(state, payment.Received):
        return Decision(today, on_payment.reverse(command, state, reversed_on=today), {})
    on = business_day(
        command.effective_on, now=command.now, zone=facts.time_zone, earliest=state.moved_on
    )
    taken_back: dict[UUID, list[on_invoice.Portion]] = {}
    for allocation in state.allocations:
        if allocation.invoice_id not in invoices:
            raise ConcurrentChange
        taken_back.setdefault(allocation.invoice_id, []).append(
            _portion(allocation, command.payment_id, facts)
        )
    of_invoices = {
        invoice_id: on_invoice.unapply(
            portions, invoices[invoice_id], unapplied_on=on, recorded_on=today
        )
        for invoice_id, portions in taken_back.items()
    }
    return Decision(on, on_payment.reverse(command, state, reversed_on=on), of_invoices)


def _given(
    command: commands.AllocatePayment | commands.AllocateOldestFirst,
    found: payment.Received,
    shares: Sequence[commands.Share],
    invoices: Invoices,
    fields: Sequence[str],
) -> Decision:
    facts = found.facts
    opens = [expect(invoices[share.invoice_id], invoice.Open) for share in shares]
    on = business_day(
        command.effective_on,
        now=command.now,
        zone=facts.time_zone,
        earliest=max([facts.value_on, *(each.movable_from for each in opens)]),
    )
    allocations: list[payment_events.Allocation] = []
    happened: dict[UUID, Sequence[invoice_events.Event]] = {}
    for share, each, field in zip(shares, opens, fields, strict=True):
        parts = [
            payment_events.Allocation(
                id=on_payment.allocation_id(command.payment_id, n),
                invoice_id=share.invoice_id,
                invoice_number=each.facts.number,
                installment=agreed.installment,
                open_item_id=agreed.open_item_id,
                amount=amount,
                due_on=agreed.due_on,
            )
            for n, (agreed, amount) in enumerate(
                on_invoice.earliest_first(share.amount, each),
                start=len(found.allocations) + len(allocations) + 1,
            )
        ]
        allocations += parts
        portions = [_portion(part, command.payment_id, facts) for part in parts]
        happened[share.invoice_id] = on_invoice.apply(portions, each, field=field)
    if len(allocations) > SHARES_MAX:
        raise on_payment.TooManyAllocations("/allocations")
    given = on_payment.allocate(allocations, found, allocated_on=on)
    return Decision(on, given, happened)


def _can_take(candidate: invoice.State, found: payment.Received) -> bool:
    return (
        isinstance(candidate, invoice.Open)
        and candidate.facts.account_id == found.facts.account_id
        and candidate.open_amount.currency == found.unallocated.currency
    )


def _one_per_invoice(
    shares: Sequence[commands.Share], currency: str, fields: Sequence[str]
) -> Mapping[str, commands.Share]:
    """An invoice named twice is one share, at the place where it stands first."""
    places: dict[UUID, str] = {}
    amounts: dict[str, Money] = {}
    for field, share in zip(fields, shares, strict=True):
        if share.amount.currency != currency:
            raise CurrencyMismatch(f"{field}/amount/currency")
        if share.amount.minor <= 0:
            raise AmountNotPositive(f"{field}/amount/amount")
        place = places.setdefault(share.invoice_id, field)
        amounts[place] = amounts.get(place, Money.zero(currency)) + share.amount
    return {
        field: commands.Share(invoice_id=invoice_id, amount=amounts[field])
        for invoice_id, field in places.items()
    }


def _portion(
    allocation: payment_events.Allocation, payment_id: UUID, facts: payment.Facts
) -> on_invoice.Portion:
    return on_invoice.Portion(
        allocation_id=allocation.id,
        payment_id=payment_id,
        payment_number=facts.number,
        account_id=facts.account_id,
        installment=allocation.installment,
        amount=allocation.amount,
        value_on=facts.value_on,
    )
