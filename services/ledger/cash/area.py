"""Cash: payments, and what of them is given to which invoice."""

from __future__ import annotations

from typing import Final

from services.ledger.cash.api import issuing
from services.ledger.cash.api import payments as api
from services.ledger.cash.domain import allocation
from services.ledger.cash.domain.payment import decide, events
from services.ledger.cash.projections import payments
from shared.kernel import rejections
from shared.platform.area import Area

AREA: Final = Area(
    name="cash",
    aggregates=(decide.payment,),
    events={
        "ledger.payment.received.v1": events.PaymentReceived,
        "ledger.payment.allocated.v1": events.PaymentAllocated,
        "ledger.payment.reversed.v1": events.PaymentReversed,
    },
    read_models=(payments.READ_MODEL,),
    routes=(api.router, issuing.router),
    rejections={
        rejections.NumberAlreadyUsed: 409,
        decide.AllocationExceedsPayment: 409,
        decide.PaymentIsReversed: 409,
        decide.TooManyAllocations: 409,
        allocation.ConcurrentChange: 409,
        rejections.AmountNotPositive: 422,
        rejections.UnknownAccount: 422,
        rejections.CurrencyMismatch: 422,
        rejections.EffectiveDateOutOfRange: 422,
    },
)
