"""When a payment was allocated, the promises its cash has reached in time are kept."""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.contract.inbox import PaymentAllocated
from services.dunning.work.domain.promise.commands import KeepPromise
from services.dunning.work.domain.promise_keeping import PromisesAndCash, received_in_time
from shared.kernel.envelope import Recorded

HEARS = PaymentAllocated
NEEDS = ("promises",)


def react(recorded: Recorded[PaymentAllocated], facts: PromisesAndCash) -> Sequence[KeepPromise]:
    amounts = {promise.id: promise.amount for promise in facts.promises if not promise.is_kept}
    return [
        KeepPromise(
            promise_id=row.promise_id, received=row.received, effective_on=recorded.effective_on
        )
        for row in received_in_time(facts.promises, facts.cash)
        if row.promise_id in amounts and row.received >= amounts[row.promise_id]
    ]
