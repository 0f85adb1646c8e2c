"""When a take-over date was changed, what waits for it is reviewed on the new one, if earlier."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.dunning.contract.inbox import TakeOverDateChanged
from services.dunning.work.domain.case.commands import BringReviewForward
from shared.kernel.envelope import Recorded

HEARS = TakeOverDateChanged
NEEDS = ("account_facts", "case_plan")


def react(
    recorded: Recorded[TakeOverDateChanged], cases: Sequence[UUID]
) -> Sequence[BringReviewForward]:
    take_over_on = recorded.event.take_over_on
    return [BringReviewForward(case_id=id, take_over_on=take_over_on) for id in cases]
