"""When a promise was entered later than it was made, what came in between counts for it."""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.work.domain.promise.commands import KeepPromise, ReopenPromise
from services.dunning.work.domain.promise.events import PromiseMade
from services.dunning.work.domain.promise_keeping import ReceivedCash
from shared.kernel.days import day_at
from shared.kernel.envelope import Recorded

HEARS = PromiseMade
NEEDS = ("promises",)


def react(
    recorded: Recorded[PromiseMade], facts: Sequence[ReceivedCash]
) -> Sequence[KeepPromise | ReopenPromise]:
    """It may take what had kept a promise that is due later: a cent counts for one."""
    if recorded.event.made_on == day_at(recorded.recorded_at, recorded.event.time_zone):
        return []
    return [
        (KeepPromise if row.is_reached else ReopenPromise)(
            promise_id=row.promise.id, received=row.received
        )
        for row in facts
        if row.is_reached != row.promise.is_kept
    ]
