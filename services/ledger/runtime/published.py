"""The ledger's words on the log: stable type names and the classes that are written under them.

All events are published; a name, once given, means the same for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.ledger.cash.domain.payment import events as payment
from services.ledger.customers.domain.account import events as account
from services.ledger.customers.domain.legal_entity import events as legal_entity
from services.ledger.receivables.domain.invoice import events as invoice

PUBLISHED: Final[Mapping[str, type]] = {
    "ledger.legal_entity.registered.v1": legal_entity.LegalEntityRegistered,
    "ledger.account.opened.v1": account.AccountOpened,
    "ledger.invoice.issued.v1": invoice.InvoiceIssued,
    "ledger.invoice.canceled.v1": invoice.InvoiceCanceled,
    "ledger.invoice.payment_applied.v1": invoice.InvoicePaymentApplied,
    "ledger.invoice.payment_unapplied.v1": invoice.InvoicePaymentUnapplied,
    "ledger.invoice.settled.v1": invoice.InvoiceSettled,
    "ledger.invoice.reopened.v1": invoice.InvoiceReopened,
    "ledger.invoice.due_date_approached.v1": invoice.InvoiceDueDateApproached,
    "ledger.invoice.became_overdue.v1": invoice.InvoiceBecameOverdue,
    "ledger.invoice.days_past_due_reached.v1": invoice.InvoiceDaysPastDueReached,
    "ledger.invoice.overdue_cured.v1": invoice.InvoiceOverdueCured,
    "ledger.payment.received.v1": payment.PaymentReceived,
    "ledger.payment.allocated.v1": payment.PaymentAllocated,
    "ledger.payment.reversed.v1": payment.PaymentReversed,
}
