"""What happens to the one invoice of the examples: 8,000.00, due on 2 March 2026."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from services.ledger.receivables.domain.invoice import decide, events
from services.ledger.receivables.domain.invoice.state import State
from services.ledger.receivables.domain.invoice.timers import DaysPastDue, on_timer
from shared.kernel.days import start_of_day
from shared.kernel.decider import Due
from tests.support.ledger import (
    ACCOUNT_ID,
    DUE_ON,
    ISSUED_ON,
    PAYMENT_ID,
    ZONE,
    cny,
    issued,
)

AGREED = issued().installments
ITEM = AGREED[0].open_item_id


def portion(amount: str, n: int = 1) -> decide.Portion:
    return decide.Portion(
        allocation_id=UUID(int=n),
        payment_id=PAYMENT_ID,
        payment_number="P-1",
        account_id=ACCOUNT_ID,
        installment=1,
        amount=cny(amount),
        value_on=DUE_ON,
    )


def applied(amount: str, left: str, n: int = 1) -> events.InvoicePaymentApplied:
    return events.InvoicePaymentApplied(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        installment=1,
        open_item_id=ITEM,
        payment_id=PAYMENT_ID,
        payment_number="P-1",
        allocation_id=UUID(int=n),
        amount=cny(amount),
        open_amount=cny(left),
        value_on=DUE_ON,
        due_on=DUE_ON,
        issued_on=ISSUED_ON,
    )


def unapplied(
    amount: str, left: str, on: date, n: int = 1, recorded_on: date | None = None
) -> events.InvoicePaymentUnapplied:
    return events.InvoicePaymentUnapplied(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        installment=1,
        open_item_id=ITEM,
        payment_id=PAYMENT_ID,
        payment_number="P-1",
        allocation_id=UUID(int=n),
        amount=cny(amount),
        open_amount=cny(left),
        value_on=DUE_ON,
        due_on=DUE_ON,
        issued_on=ISSUED_ON,
        unapplied_on=on,
        recorded_on=recorded_on or on,
    )


SETTLED = events.InvoiceSettled(account_id=ACCOUNT_ID, account_number="C-1001", number="2026-0131")


def crossing(
    threshold: int, *, latest: int | None = None, reopened_on: date | None = None
) -> events.Event:
    """The installment reaches the threshold; without `latest` it is the highest one by then."""
    kind: type[
        events.InvoiceDueDateApproached
        | events.InvoiceBecameOverdue
        | events.InvoiceDaysPastDueReached
    ] = events.InvoiceDaysPastDueReached
    if threshold < 0:
        kind = events.InvoiceDueDateApproached
    elif threshold == 1:
        kind = events.InvoiceBecameOverdue
    return kind(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        installment=1,
        open_item_id=ITEM,
        due_on=DUE_ON,
        open_amount=cny("8000.00"),
        threshold_days=threshold,
        latest_threshold_days=threshold if latest is None else latest,
        reopened_on=reopened_on,
    )


NEAR = crossing(-3)
OVERDUE = crossing(1)
THIRTY = crossing(30)
CURED = events.InvoiceOverdueCured(
    account_id=ACCOUNT_ID,
    account_number="C-1001",
    number="2026-0131",
    installment=1,
    open_item_id=ITEM,
    due_on=DUE_ON,
    thresholds_reached=(1, 30),
    open_amount=cny("0.00"),
)
CANCELED = events.InvoiceCanceled(
    account_id=ACCOUNT_ID,
    account_number="C-1001",
    number="2026-0131",
    canceled_on=date(2026, 4, 10),
    installments=AGREED,
)


def reopened(on: date) -> events.InvoiceReopened:
    return events.InvoiceReopened(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        open_amount=cny("8000.00"),
        reopened_on=on,
    )


def reach(
    state: State,
    threshold: int,
    *,
    early: timedelta = timedelta(0),
    late: timedelta = timedelta(0),
    installment: int = 1,
) -> list[tuple[date, events.Event]]:
    """What is decided when the timer of the threshold is due, or so much later; with its days."""
    at = start_of_day(DUE_ON + timedelta(days=threshold), ZONE) - early
    found = on_timer(DaysPastDue(threshold, installment), state, Due(at, at + late))
    return [(each.effective_on, event) for each in found for event in each.events]
