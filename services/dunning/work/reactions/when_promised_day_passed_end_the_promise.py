"""When the promised day passed, what came in time keeps the promise, or it is broken."""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.work.domain.promise.commands import EndPromise
from services.dunning.work.domain.promise.events import PromiseDayPassed
from services.dunning.work.domain.promise_keeping import ReceivedCash
from shared.kernel.envelope import Recorded

HEARS = PromiseDayPassed
NEEDS = ("promises",)


def react(
    recorded: Recorded[PromiseDayPassed], facts: Sequence[ReceivedCash]
) -> Sequence[EndPromise]:
    return [
        EndPromise(promise_id=row.promise.id, received=row.received)
        for row in facts
        if row.promise.id == recorded.stream_id
    ]
