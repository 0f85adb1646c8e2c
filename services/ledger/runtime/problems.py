"""Which HTTP status each broken rule gets. 409: not in this state; 422: never right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.ledger.cash.domain import allocation
from services.ledger.cash.domain.payment import decide as payment
from services.ledger.customers.domain.account import decide as account
from services.ledger.receivables.domain.invoice import decide as invoice
from shared.kernel import rejections
from shared.kernel.decider import Rejected

STATUS: Final[Mapping[type[Rejected], int]] = {
    rejections.NumberAlreadyUsed: 409,
    invoice.AllocationExceedsOpenAmount: 409,
    payment.AllocationExceedsPayment: 409,
    invoice.InvoiceNotOpen: 409,
    invoice.InvoiceIsAllocated: 409,
    payment.PaymentIsReversed: 409,
    payment.TooManyAllocations: 409,
    allocation.ConcurrentChange: 409,
    rejections.AmountNotPositive: 422,
    account.UnknownLegalEntity: 422,
    rejections.UnknownAccount: 422,
    invoice.UnknownInvoice: 422,
    invoice.InvoiceOfAnotherAccount: 422,
    rejections.CurrencyMismatch: 422,
    invoice.DueDatePrecedesIssueDate: 422,
    rejections.EffectiveDateOutOfRange: 422,
}
