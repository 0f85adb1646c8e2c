"""When a payment was returned, the promises it had kept are open again, or broken."""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.contract.inbox import PaymentReversed
from services.dunning.work.domain.promise.commands import ReopenPromise
from services.dunning.work.domain.promise_keeping import ReceivedCash
from shared.kernel.envelope import Recorded

HEARS = PaymentReversed
NEEDS = ("promises",)


def react(
    recorded: Recorded[PaymentReversed], facts: Sequence[ReceivedCash]
) -> Sequence[ReopenPromise]:
    return [
        ReopenPromise(promise_id=row.promise.id, received=row.received)
        for row in facts
        if row.promise.is_kept and not row.is_reached
    ]
