"""Receivables: invoices and their installments, and when they become overdue."""

from __future__ import annotations

from typing import Final

from services.ledger.receivables.api import invoices as api
from services.ledger.receivables.api import terms as terms_api
from services.ledger.receivables.domain import terms
from services.ledger.receivables.domain.invoice import decide, events
from services.ledger.receivables.projections import invoices
from shared.kernel import rejections
from shared.platform.area import Area

AREA: Final = Area(
    name="receivables",
    aggregates=(decide.invoice,),
    events={
        "ledger.invoice.issued.v1": events.InvoiceIssued,
        "ledger.invoice.canceled.v1": events.InvoiceCanceled,
        "ledger.invoice.payment_applied.v1": events.InvoicePaymentApplied,
        "ledger.invoice.payment_unapplied.v1": events.InvoicePaymentUnapplied,
        "ledger.invoice.settled.v1": events.InvoiceSettled,
        "ledger.invoice.reopened.v1": events.InvoiceReopened,
        "ledger.invoice.due_date_approached.v1": events.InvoiceDueDateApproached,
        "ledger.invoice.became_overdue.v1": events.InvoiceBecameOverdue,
        "ledger.invoice.days_past_due_reached.v1": events.InvoiceDaysPastDueReached,
        "ledger.invoice.overdue_cured.v1": events.InvoiceOverdueCured,
    },
    read_models=(invoices.READ_MODEL,),
    routes=(api.router, terms_api.router),
    rejections={
        rejections.NumberAlreadyUsed: 409,
        decide.AllocationExceedsOpenAmount: 409,
        decide.InvoiceNotOpen: 409,
        decide.InvoiceIsAllocated: 409,
        rejections.AmountNotPositive: 422,
        rejections.UnknownAccount: 422,
        decide.UnknownInvoice: 422,
        decide.InvoiceOfAnotherAccount: 422,
        rejections.CurrencyMismatch: 422,
        terms.DueDatePrecedesIssueDate: 422,
        terms.PortionsNotWhole: 422,
        terms.PortionNotPositive: 422,
        terms.DiscountOutOfOrder: 422,
        rejections.EffectiveDateOutOfRange: 422,
    },
)
