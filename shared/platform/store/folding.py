"""Folds a stream's events into its state, its waiting timers and its place. Pure.

The only place that says since when a timer waits: decision, loading and verification all ask here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from shared.kernel.decider import Aggregate, Armed, Folded, Timer

NO_TIMERS: Final[Mapping[str, Armed]] = MappingProxyType({})


def before_first_event(aggregate: Aggregate[Any, Any]) -> Folded:
    return Folded(0, aggregate.initial, None, "", None, NO_TIMERS)


def after_event(
    folded: Folded,
    aggregate: Aggregate[Any, Any],
    event: object,
    *,
    account_id: UUID,
    legal_entity: str,
    recorded_at: datetime,
) -> Folded:
    version = folded.version + 1
    state = aggregate.evolve(folded.state, event)
    timers = rearmed(folded.timers, aggregate.timers(state), version)
    return Folded(version, state, account_id, legal_entity, recorded_at, timers)


def rearmed(
    armed: Mapping[str, Armed], timers: Sequence[Timer], version: int
) -> Mapping[str, Armed]:
    """A timer that waited before with the same due instant waits since then; others since now."""
    if not timers:
        return NO_TIMERS
    waiting: dict[str, Armed] = {}
    for name, due_at in timers:
        before = armed.get(name)
        if before is not None and before.due_at == due_at:
            waiting[name] = before
        else:
            waiting[name] = Armed(due_at, version)
    if len(waiting) != len(timers):
        raise TypeError("two timers of one stream have the same name")
    return waiting
