"""Every rule an invoice obeys. Read this file to know what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, assert_never
from uuid import UUID

from services.ledger.customers.domain.account import state as account
from services.ledger.customers.domain.business_day import business_day
from services.ledger.receivables.domain.aging import (
    DUE_ON_MAX,
    THRESHOLDS,
    has_reached,
    is_ahead,
    reached_on,
)
from services.ledger.receivables.domain.invoice import commands, events
from services.ledger.receivables.domain.invoice.evolve import evolve
from services.ledger.receivables.domain.invoice.state import (
    NOT_ISSUED,
    Canceled,
    Facts,
    NotIssued,
    Open,
    Settled,
    State,
)
from shared.kernel.days import day_at, start_of_day
from shared.kernel.decider import Aggregate, CorruptHistory, Rejected, Timer, expect
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
TIMER: Final = "days_past_due"  # name: days_past_due/<threshold>/<installment>


class DueDatePrecedesIssueDate(Rejected): ...


class UnknownInvoice(Rejected): ...


class InvoiceOfAnotherAccount(Rejected): ...


class InvoiceNotOpen(Rejected): ...


class InvoiceIsAllocated(Rejected): ...


class AllocationExceedsOpenAmount(Rejected): ...


def issue(
    command: commands.IssueInvoice, state: State, *, invoice_id: UUID, of: account.State
) -> Sequence[events.Event]:
    if not isinstance(of, account.Opened):
        raise UnknownAccount("/account")
    if not isinstance(state, NotIssued):
        raise NumberAlreadyUsed("/number")
    if command.total.minor <= 0:
        raise AmountNotPositive("/total/amount")
    issued_on = business_day(
        command.issued_on, now=command.now, zone=of.time_zone, field="/issued_on"
    )
    due_on, terms = _due(command)
    return [
        events.InvoiceIssued(
            account_id=of.account_id,
            account_number=of.number,
            number=command.number,
            installment=FIRST_INSTALLMENT,
            open_item_id=open_item_id(invoice_id, FIRST_INSTALLMENT),
            total=command.total,
            issued_on=issued_on,
            due_on=due_on,
            terms=terms,
            time_zone=of.time_zone,
            recorded_on=day_at(command.now, of.time_zone),
        )
    ]


def _due(command: commands.IssueInvoice) -> tuple[date | None, events.Terms | None]:
    terms: events.Terms | None = None
    match command.due:
        case None:
            return None, None
        case commands.NetDays(add_days=days):
            if days > (DUE_ON_MAX - command.issued_on).days:
                raise EffectiveDateOutOfRange("/terms/add_days")
            due_on = command.issued_on + timedelta(days=days)
            field = "/terms/add_days"
            terms = events.Terms(anchor="invoice", add_days=days)
        case date():
            due_on, field = command.due, "/due_on"
            if due_on > DUE_ON_MAX:
                raise EffectiveDateOutOfRange(field)
        case _:
            assert_never(command.due)
    if due_on < command.issued_on:
        raise DueDatePrecedesIssueDate(field)
    return due_on, terms


def cancel(command: commands.CancelInvoice, state: State) -> Sequence[events.Event]:
    """As if it had not been issued, from the day of the cancellation on."""
    match state:
        case Canceled():
            return []
        case Settled():
            raise InvoiceIsAllocated
        case Open(facts=facts, open_amount=left) if left != facts.total:
            raise InvoiceIsAllocated
        case Open(facts=facts, open_amount=left):
            canceled = events.InvoiceCanceled(
                account_id=facts.account_id,
                account_number=facts.account_number,
                number=facts.number,
                installment=facts.installment,
                open_item_id=facts.open_item_id,
                open_amount=left,
                due_on=facts.due_on,
            )
            return [canceled, *_cured(state)]
        case NotIssued():
            raise UnknownInvoice
        case _:
            assert_never(state)


def canceled_on(command: commands.CancelInvoice, state: State) -> date:
    match state:
        case Open():
            return business_day(
                command.effective_on,
                now=command.now,
                zone=state.facts.time_zone,
                earliest=state.movable_from,
            )
        case _:
            return day_at(command.now, facts_of(state).time_zone)  # Nothing will be written.


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What a payment gives to one invoice, or takes back."""

    allocation_id: UUID
    payment_id: UUID
    payment_number: str
    account_id: UUID
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


def apply(portion: Portion, state: State, *, field: str) -> Sequence[events.Event]:
    """The last cent settles it and cures what was overdue."""
    found = allocatable(portion.amount, portion.account_id, state, field=field)
    facts, left = found.facts, found.open_amount - portion.amount
    applied = events.InvoicePaymentApplied(
        account_id=facts.account_id,
        account_number=facts.account_number,
        number=facts.number,
        installment=facts.installment,
        open_item_id=facts.open_item_id,
        payment_id=portion.payment_id,
        payment_number=portion.payment_number,
        allocation_id=portion.allocation_id,
        amount=portion.amount,
        open_amount=left,
        value_on=portion.value_on,
        due_on=facts.due_on,
        issued_on=facts.issued_on,
    )
    if left.minor:
        return [applied]
    settled = events.InvoiceSettled(
        account_id=facts.account_id,
        account_number=facts.account_number,
        number=facts.number,
        installment=facts.installment,
        open_item_id=facts.open_item_id,
        due_on=facts.due_on,
    )
    return [applied, settled, *_cured(found)]


def unapply(
    portions: Sequence[Portion], state: State, *, unapplied_on: date, recorded_on: date
) -> Sequence[events.Event]:
    """The payment's reversal: never refused, since what was applied can be taken back."""
    facts, left = facts_of(state), open_amount_of(state)
    if left + total((p.amount for p in portions), left.currency) > facts.total:
        raise CorruptHistory("more is taken back than was applied")
    unapplied: list[events.Event] = []
    for portion in portions:
        left = left + portion.amount
        unapplied.append(
            events.InvoicePaymentUnapplied(
                account_id=facts.account_id,
                account_number=facts.account_number,
                number=facts.number,
                installment=facts.installment,
                open_item_id=facts.open_item_id,
                payment_id=portion.payment_id,
                payment_number=portion.payment_number,
                allocation_id=portion.allocation_id,
                amount=portion.amount,
                open_amount=left,
                value_on=portion.value_on,
                due_on=facts.due_on,
                issued_on=facts.issued_on,
                unapplied_on=unapplied_on,
            )
        )
    if isinstance(state, Open):
        return unapplied
    reopened = events.InvoiceReopened(
        account_id=facts.account_id,
        account_number=facts.account_number,
        number=facts.number,
        installment=facts.installment,
        open_item_id=facts.open_item_id,
        due_on=facts.due_on,
        open_amount=left,
        reopened_on=unapplied_on,
        recorded_on=recorded_on,
    )
    return [*unapplied, reopened]


def reach_threshold(command: commands.ReachThreshold, state: State) -> Sequence[events.Event]:
    """The first positive threshold makes it overdue; each is reached once while it is open."""
    if not isinstance(state, Open) or state.facts.due_on is None:
        return []
    facts, days = state.facts, command.threshold
    as_of = day_at(command.due_at, facts.time_zone)
    if days in state.reached or not has_reached(days, due_on=state.facts.due_on, as_of=as_of):
        return []
    kind: Callable[..., events.Event] = events.InvoiceDaysPastDueReached
    if days <= 0:
        kind = events.InvoiceDueDateApproached
    elif not any(reached > 0 for reached in state.reached):
        kind = events.InvoiceBecameOverdue
    return [
        kind(
            account_id=facts.account_id,
            account_number=facts.account_number,
            number=facts.number,
            installment=facts.installment,
            open_item_id=facts.open_item_id,
            due_on=facts.due_on,
            threshold_days=days,
            open_amount=state.open_amount,
        )
    ]


def threshold_reached_on(command: commands.ReachThreshold, state: State) -> date:
    """The business date of the crossing: the day it is reached, not the day we noticed."""
    match state:
        case Open(facts=Facts(due_on=date() as due_on), since_on=since_on):
            return reached_on(command.threshold, due_on=due_on, since_on=since_on)
        case _:
            return command.due_at.date()  # Nothing will be written.


def _cured(state: Open) -> Sequence[events.Event]:
    reached = tuple(sorted(days for days in state.reached if days > 0))
    if not reached or state.facts.due_on is None:
        return []
    facts = state.facts
    return [
        events.InvoiceOverdueCured(
            account_id=facts.account_id,
            account_number=facts.account_number,
            number=facts.number,
            installment=facts.installment,
            open_item_id=facts.open_item_id,
            due_on=state.facts.due_on,
            thresholds_reached=reached,
            open_amount=Money.zero(facts.total.currency),
        )
    ]


def facts_of(state: State) -> Facts:
    if isinstance(state, NotIssued):
        raise CorruptHistory("an invoice that was never issued has no facts")
    return state.facts


def open_amount_of(state: State) -> Money:
    if isinstance(state, Open):
        return state.open_amount
    return Money.zero(facts_of(state).total.currency)


def timer_name(threshold: int, installment: int) -> str:
    return f"{TIMER}/{threshold}/{installment}"


def timers(thresholds: Sequence[int]) -> Callable[[State], Sequence[Timer]]:
    """Which thresholds an invoice waits for. Those before the due date only if it is ahead."""

    def waiting(state: State) -> Sequence[Timer]:
        if not isinstance(state, Open) or state.facts.due_on is None:
            return ()
        facts, due_on = state.facts, state.facts.due_on
        ahead = is_ahead(due_on, state.recorded_on)
        return [
            Timer(
                timer_name(days, facts.installment),
                start_of_day(
                    reached_on(days, due_on=due_on, since_on=state.since_on), facts.time_zone
                ),
            )
            for days in thresholds
            if days not in state.reached and (days > 0 or ahead)
        ]

    return waiting


def _account_of(event: events.Event) -> UUID | None:
    return expect(event, events.InvoiceIssued).account_id


def invoices(thresholds: Sequence[int] = THRESHOLDS) -> Aggregate[State, events.Event]:
    """The kind of stream, with the thresholds of this installation (a setting)."""
    return Aggregate[State, events.Event](
        "invoice",
        initial=NOT_ISSUED,
        evolve=evolve,
        account_of=_account_of,
        timers=timers(thresholds),
    )
