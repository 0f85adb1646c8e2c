"""When nothing is owed any more, the open tasks are withdrawn, with the reason.

A task may be opened while the last payment comes in, so its opening is heard too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.dunning.work.domain.case.events import CaseClosed
from services.dunning.work.domain.idle_tasks import IdleTasks
from services.dunning.work.domain.task.commands import WithdrawTask
from services.dunning.work.domain.task.events import TaskOpened
from shared.kernel.envelope import Recorded

HEARS = (CaseClosed, TaskOpened)
NEEDS = ("account_facts", "work_list")
NOTHING_OWED: Final = "nothing_owed"


def react(recorded: Recorded[CaseClosed | TaskOpened], facts: IdleTasks) -> Sequence[WithdrawTask]:
    return facts.withdrawn(NOTHING_OWED)
