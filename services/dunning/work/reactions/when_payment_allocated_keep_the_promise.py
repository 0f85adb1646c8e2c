"""When a payment was allocated, the promises its cash has reached in time are kept."""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.contract.inbox import PaymentAllocated
from services.dunning.work.domain.promise.commands import KeepPromise
from services.dunning.work.domain.promise_keeping import ReceivedCash
from shared.kernel.envelope import Recorded

HEARS = PaymentAllocated
NEEDS = ("promises",)


def react(
    recorded: Recorded[PaymentAllocated], facts: Sequence[ReceivedCash]
) -> Sequence[KeepPromise]:
    return [
        KeepPromise(promise_id=row.promise.id, received=row.received)
        for row in facts
        if row.is_reached and not row.promise.is_kept
    ]
