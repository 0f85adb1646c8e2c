"""Tasks that nobody needs to do any more, as a reaction sees them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.dunning.work.domain.task.commands import WithdrawTask


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleTasks:
    """Open tasks of an account: nothing is overdue in their currency, or what they ask is there."""

    task_ids: Sequence[UUID]
    time_zone: str

    def withdrawn(self, reason: str) -> Sequence[WithdrawTask]:
        """The commands that end them all."""
        return [
            WithdrawTask(task_id=id, reason=reason, time_zone=self.time_zone)
            for id in self.task_ids
        ]
