"""Every rule an invoice obeys. Read this file to know what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal, assert_never
from uuid import UUID

from services.ledger.customers.domain.account import state as account
from services.ledger.customers.domain.business_day import business_day
from services.ledger.receivables.domain.aging import DUE_ON_MAX
from services.ledger.receivables.domain.invoice import commands, events
from services.ledger.receivables.domain.invoice.evolve import evolve
from services.ledger.receivables.domain.invoice.state import (
    NOT_ISSUED,
    Canceled,
    Facts,
    Item,
    NotIssued,
    Open,
    Settled,
    State,
)
from services.ledger.receivables.domain.invoice.timers import DaysPastDue, on_timer, timers
from services.ledger.receivables.domain.terms import (
    DiscountWindow,
    DueDatePrecedesIssueDate,
    Terms,
    schedule,
)
from shared.kernel.days import day_at
from shared.kernel.decider import NOTHING, Aggregate, CorruptHistory, Decided, Rejected, expect
from shared.kernel.ids import open_item_id
from shared.kernel.money import Money, total
from shared.kernel.rejections import (
    AmountNotPositive,
    CurrencyMismatch,
    EffectiveDateOutOfRange,
    NumberAlreadyUsed,
    UnknownAccount,
)

FIRST_INSTALLMENT: Final = 1

Status = Literal["open", "settled", "canceled"]


class UnknownInvoice(Rejected): ...


class InvoiceOfAnotherAccount(Rejected): ...


class InvoiceNotOpen(Rejected): ...


class InvoiceIsAllocated(Rejected): ...


class AllocationExceedsOpenAmount(Rejected): ...


def issue(
    command: commands.IssueInvoice, state: State, *, invoice_id: UUID, of: account.State
) -> Decided[events.Event]:
    """Terms make its installments; a due date, or none, makes one."""
    if not isinstance(of, account.Opened):
        raise UnknownAccount("/account")
    if not isinstance(state, NotIssued):
        raise NumberAlreadyUsed("/number")
    if command.total.minor <= 0:
        raise AmountNotPositive("/total/amount")
    issued_on = business_day(
        command.issued_on, now=command.now, zone=of.time_zone, field="/issued_on"
    )
    issued = events.InvoiceIssued(
        account_id=of.account_id,
        account_number=of.number,
        number=command.number,
        total=command.total,
        issued_on=issued_on,
        installments=_installments(command, invoice_id),
        terms=command.due if isinstance(command.due, Terms) else None,
        thresholds=command.thresholds,
        time_zone=of.time_zone,
        recorded_on=day_at(command.now, of.time_zone),
    )
    return Decided(issued_on, [issued], of.time_zone)


def _installments(
    command: commands.IssueInvoice, invoice_id: UUID
) -> tuple[events.Installment, ...]:
    match command.due:
        case Terms() as terms:
            found = schedule(command.total, terms, command.issued_on)
            return tuple(
                _installment(invoice_id, n, each.due_on, each.amount, each.discounts)
                for n, each in enumerate(found, start=FIRST_INSTALLMENT)
            )
        case date() | None as due_on:
            if due_on is not None and due_on > DUE_ON_MAX:
                raise EffectiveDateOutOfRange("/due_on")
            if due_on is not None and due_on < command.issued_on:
                raise DueDatePrecedesIssueDate("/due_on")
            return (_installment(invoice_id, FIRST_INSTALLMENT, due_on, command.total, ()),)
        case _:
            assert_never(command.due)


def _installment(
    invoice_id: UUID,
    number: int,
    due_on: date | None,
    amount: Money,
    discounts: tuple[DiscountWindow, ...],
) -> events.Installment:
    return events.Installment(
        installment=number,
        open_item_id=open_item_id(invoice_id, number),
        due_on=due_on,
        amount=amount,
        discounts=discounts,
    )


def cancel(command: commands.CancelInvoice, state: State) -> Decided[events.Event]:
    """As if it had not been issued, from the day of the cancellation on.

    Once: of another day it is refused and not swallowed.
    """
    match state:
        case Canceled(canceled_on=on):
            if command.effective_on not in (None, on):
                raise InvoiceNotOpen
            return NOTHING
        case Settled():
            raise InvoiceIsAllocated
        case Open(facts=facts) if state.open_amount != facts.total:
            raise InvoiceIsAllocated
        case Open(facts=facts):
            on = business_day(
                command.effective_on,
                now=command.now,
                zone=facts.time_zone,
                earliest=state.movable_from,
            )
            canceled = events.InvoiceCanceled(
                **facts.carried,
                canceled_on=on,
                installments=tuple(item.agreed for item in state.items),
            )
            cured = [each for item in state.items for each in _cured(facts, item)]
            return Decided(on, [canceled, *cured], facts.time_zone)
        case NotIssued():
            raise UnknownInvoice
        case _:
            assert_never(state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What a payment gives to one installment, or takes back."""

    allocation_id: UUID
    payment_id: UUID
    payment_number: str
    account_id: UUID
    installment: int
    amount: Money
    value_on: date


def allocatable(amount: Money, account_id: UUID, state: State, *, field: str) -> Open:
    """The open invoice the amount fits into. `field` points at the share."""
    if isinstance(state, NotIssued):
        raise UnknownInvoice(f"{field}/invoice")
    facts = facts_of(state)
    if facts.account_id != account_id:
        raise InvoiceOfAnotherAccount(f"{field}/invoice")
    if facts.total.currency != amount.currency:
        raise CurrencyMismatch(f"{field}/amount/currency")
    if amount.minor <= 0:
        raise AmountNotPositive(f"{field}/amount/amount")
    if not isinstance(state, Open):
        raise InvoiceNotOpen(f"{field}/invoice")
    if amount > state.open_amount:
        raise AllocationExceedsOpenAmount(f"{field}/amount/amount")
    return state


def earliest_first(amount: Money, state: Open) -> Sequence[tuple[events.Installment, Money]]:
    """Which installments the amount goes to, and how much to each: the earliest first."""
    given: list[tuple[events.Installment, Money]] = []
    for item in state.items:
        part = min(amount, item.open_amount)
        if part.minor:
            given.append((item.agreed, part))
            amount = amount - part
    return given


def apply(portions: Sequence[Portion], state: State, *, field: str) -> Sequence[events.Event]:
    """The last cent settles it; an installment paid in full is cured of what was overdue."""
    amount = total((portion.amount for portion in portions), portions[0].amount.currency)
    found = allocatable(amount, portions[0].account_id, state, field=field)
    facts, items = found.facts, {item.agreed.installment: item for item in found.items}
    happened: list[events.Event] = []
    for portion in portions:
        item = items[portion.installment]
        if portion.amount > item.open_amount:
            raise AllocationExceedsOpenAmount(f"{field}/amount/amount")
        left = replace(item, open_amount=item.open_amount - portion.amount)
        items[portion.installment] = left
        happened.append(
            events.InvoicePaymentApplied(
                **facts.carried,
                **item.carried,
                open_amount=left.open_amount,
                payment_id=portion.payment_id,
                payment_number=portion.payment_number,
                allocation_id=portion.allocation_id,
                amount=portion.amount,
                value_on=portion.value_on,
                issued_on=facts.issued_on,
            )
        )
    if all(not item.open_amount.minor for item in items.values()):
        happened.append(
            events.InvoiceSettled(
                **facts.carried,
            )
        )
    paid = dict.fromkeys(
        p.installment for p in portions if not items[p.installment].open_amount.minor
    )
    return [*happened, *(each for n in paid for each in _cured(facts, items[n]))]


def unapply(
    portions: Sequence[Portion], state: State, *, unapplied_on: date, recorded_on: date
) -> Sequence[events.Event]:
    """The payment's reversal: never refused, since what was applied can be taken back."""
    facts, items = facts_of(state), {item.agreed.installment: item for item in items_of(state)}
    happened: list[events.Event] = []
    for portion in portions:
        item = items[portion.installment]
        left = item.open_amount + portion.amount
        if left > item.agreed.amount:
            raise CorruptHistory("more is taken back than was applied")
        items[portion.installment] = replace(item, open_amount=left)
        happened.append(
            events.InvoicePaymentUnapplied(
                **facts.carried,
                **item.carried,
                open_amount=left,
                payment_id=portion.payment_id,
                payment_number=portion.payment_number,
                allocation_id=portion.allocation_id,
                amount=portion.amount,
                value_on=portion.value_on,
                issued_on=facts.issued_on,
                unapplied_on=unapplied_on,
                recorded_on=recorded_on,
            )
        )
    if isinstance(state, Open):
        return happened
    reopened = events.InvoiceReopened(
        **facts.carried,
        open_amount=total((item.open_amount for item in items.values()), facts.total.currency),
        reopened_on=unapplied_on,
    )
    return [*happened, reopened]


def _cured(facts: Facts, item: Item) -> Sequence[events.Event]:
    reached = tuple(sorted(days for days in item.reached if days > 0))
    if not reached:
        return []
    return [
        events.InvoiceOverdueCured(
            **facts.carried,
            **item.carried,
            open_amount=Money.zero(facts.total.currency),
            thresholds_reached=reached,
        )
    ]


def facts_of(state: State) -> Facts:
    if isinstance(state, NotIssued):
        raise CorruptHistory("an invoice that was never issued has no facts")
    return state.facts


def items_of(state: State) -> Sequence[Item]:
    return () if isinstance(state, NotIssued) else state.items


def open_amount_of(state: State) -> Money:
    if isinstance(state, Open):
        return state.open_amount
    return Money.zero(facts_of(state).total.currency)


def status_of(state: State) -> Status:
    match state:
        case Open():
            return "open"
        case Settled():
            return "settled"
        case Canceled():
            return "canceled"
        case NotIssued():
            raise CorruptHistory("an invoice that was never issued has no status")


def _account_of(event: events.Event) -> UUID | None:
    return expect(event, events.InvoiceIssued).account_id


invoice: Final = Aggregate[State, events.Event](
    "invoice",
    initial=NOT_ISSUED,
    evolve=evolve,
    account_of=_account_of,
    timers=timers,
    on_timer=on_timer,
    payloads=(DaysPastDue,),
)
