"""One event of every type the ledger publishes: what its golden files hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

from services.ledger.cash.domain.payment import events as payment
from services.ledger.customers.domain.account.events import (
    AccountCollectorChanged,
    AccountDetailsChanged,
    AccountOpened,
)
from services.ledger.customers.domain.legal_entity.events import (
    LegalEntityRegistered,
    TakeOverDateChanged,
)
from services.ledger.receivables.domain.invoice import events as invoice
from services.ledger.receivables.domain.terms import Discount, DiscountWindow, net_days
from shared.kernel.money import Money

ACCOUNT_ID: Final = UUID("a1010000-0000-4000-8000-000000000001")
INVOICE_ID: Final = UUID("b7310000-0000-4000-8000-000000000001")
PAYMENT_ID: Final = UUID("c9880000-0000-4000-8000-000000000001")
ITEM_ID: Final = UUID("d4310000-0000-4000-8000-000000000001")
ALLOCATION_ID: Final = UUID("e1020000-0000-4000-8000-000000000001")
REST_ID: Final = UUID("d9880000-0000-4000-8000-000000000001")
ISSUED_ON: Final = date(2026, 1, 31)
DUE_ON: Final = date(2026, 3, 2)
TOTAL: Final = Money.of("8000.00", "CNY")
GIVEN: Final = Money.of("5650.00", "CNY")
LEFT: Final = Money.of("2350.00", "CNY")
NOTHING: Final = Money.of("0.00", "CNY")

ALLOCATION: Final = payment.Allocation(
    id=ALLOCATION_ID,
    invoice_id=INVOICE_ID,
    invoice_number="2026-0131",
    installment=1,
    open_item_id=ITEM_ID,
    amount=GIVEN,
    due_on=DUE_ON,
)

INSTALLMENTS: Final = (
    invoice.Installment(
        installment=1,
        open_item_id=ITEM_ID,
        due_on=DUE_ON,
        amount=TOTAL,
        discounts=(
            DiscountWindow(
                last_on=date(2026, 2, 10), percent="2", amount=Money.of("7840.00", "CNY")
            ),
        ),
    ),
)

SAMPLES: Final[Sequence[object]] = (
    LegalEntityRegistered(
        code="CN01",
        name="华东贸易有限公司",
        time_zone="Asia/Shanghai",
        currency="CNY",
        registered_on=date(2026, 1, 5),
        take_over_on=date(2026, 2, 1),
        notice_minimum=Money.of("1.00", "CNY"),
        address="上海市静安区南京西路1号\n200041",
    ),
    TakeOverDateChanged(code="CN01", take_over_on=date(2026, 3, 1), previous=date(2026, 2, 1)),
    AccountOpened(
        account_id=ACCOUNT_ID,
        legal_entity="CN01",
        number="C-1001",
        time_zone="Asia/Shanghai",
        currency="CNY",
        party_id=UUID("99010000-0000-4000-8000-000000000001"),
        collector_id=UUID("7f020000-0000-4000-8000-000000000001"),
        opened_on=date(2026, 1, 5),
    ),
    AccountDetailsChanged(account_id=ACCOUNT_ID, fields=("contact_person", "email")),
    AccountCollectorChanged(
        account_id=ACCOUNT_ID,
        collector_id=UUID("7f020000-0000-4000-8000-000000000002"),
        previous=UUID("7f020000-0000-4000-8000-000000000001"),
    ),
    invoice.InvoiceIssued(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        total=TOTAL,
        issued_on=ISSUED_ON,
        installments=INSTALLMENTS,
        terms=replace(net_days(ISSUED_ON, 30), discounts=(Discount(percent="2", within_days=10),)),
        thresholds=(-3, 1, 30, 60, 90),
        time_zone="Asia/Shanghai",
        recorded_on=ISSUED_ON,
    ),
    invoice.InvoiceCanceled(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        canceled_on=date(2026, 4, 10),
        installments=INSTALLMENTS,
    ),
    invoice.InvoicePaymentApplied(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        installment=1,
        open_item_id=ITEM_ID,
        payment_id=PAYMENT_ID,
        payment_number="R-0988",
        allocation_id=ALLOCATION_ID,
        amount=GIVEN,
        open_amount=LEFT,
        value_on=DUE_ON,
        due_on=DUE_ON,
        issued_on=ISSUED_ON,
    ),
    invoice.InvoicePaymentUnapplied(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        installment=1,
        open_item_id=ITEM_ID,
        payment_id=PAYMENT_ID,
        payment_number="R-0988",
        allocation_id=ALLOCATION_ID,
        amount=GIVEN,
        open_amount=TOTAL,
        value_on=DUE_ON,
        due_on=DUE_ON,
        issued_on=ISSUED_ON,
        unapplied_on=date(2026, 4, 10),
        recorded_on=date(2026, 4, 11),
    ),
    invoice.InvoiceSettled(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
    ),
    invoice.InvoiceReopened(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        open_amount=GIVEN,
        reopened_on=date(2026, 4, 10),
    ),
    invoice.InvoiceDueDateApproached(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        installment=1,
        open_item_id=ITEM_ID,
        due_on=DUE_ON,
        threshold_days=-3,
        latest_threshold_days=-3,
        reopened_on=None,
        open_amount=TOTAL,
    ),
    invoice.InvoiceBecameOverdue(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        installment=1,
        open_item_id=ITEM_ID,
        due_on=DUE_ON,
        threshold_days=1,
        latest_threshold_days=30,
        reopened_on=None,
        open_amount=LEFT,
    ),
    invoice.InvoiceDaysPastDueReached(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        installment=1,
        open_item_id=ITEM_ID,
        due_on=DUE_ON,
        threshold_days=30,
        latest_threshold_days=30,
        reopened_on=date(2026, 4, 10),
        open_amount=LEFT,
    ),
    invoice.InvoiceOverdueCured(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        installment=1,
        open_item_id=ITEM_ID,
        due_on=DUE_ON,
        thresholds_reached=(1, 30),
        open_amount=NOTHING,
    ),
    payment.PaymentReceived(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="R-0988",
        amount=TOTAL,
        value_on=DUE_ON,
        method="transfer",
        payer_id=UUID("99020000-0000-4000-8000-000000000001"),
        reference="2026-0131",
        open_item_id=REST_ID,
        time_zone="Asia/Shanghai",
    ),
    payment.PaymentAllocated(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="R-0988",
        value_on=DUE_ON,
        allocations=(ALLOCATION,),
        unallocated_amount=LEFT,
        allocated_on=DUE_ON,
    ),
    payment.PaymentReversed(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="R-0988",
        amount=TOTAL,
        value_on=DUE_ON,
        reason="bounced",
        allocations=(ALLOCATION,),
        unallocated_before=LEFT,
        reversed_on=date(2026, 3, 9),
    ),
)
