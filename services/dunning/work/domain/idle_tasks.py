"""Tasks that nobody needs to do any more, as a reaction sees them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleTasks:
    """Open tasks of an account: nothing is overdue in their currency, or what they ask is there."""

    task_ids: Sequence[UUID]
    time_zone: str
