"""Which alerts of one open item are raised, and how many ever were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from services.dunning.alerts.domain.overdue_alert.events import OverdueAlertRaised


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """`known` holds every alert ever raised, so that an old crossing read again stays quiet."""

    raised: Mapping[UUID, OverdueAlertRaised] = field(default_factory=dict)  # By alert id.
    known: frozenset[UUID] = frozenset()


State = Alerts

NO_ALERTS: Final[State] = Alerts()
