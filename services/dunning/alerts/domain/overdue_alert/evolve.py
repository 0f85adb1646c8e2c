"""How each event changes what is raised for an open item. No rule lives here."""

from __future__ import annotations

from typing import assert_never

from services.dunning.alerts.domain.overdue_alert import events
from services.dunning.alerts.domain.overdue_alert.state import Alerts, State
from shared.kernel.decider import CorruptHistory


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.OverdueAlertRaised():
            return Alerts(
                raised={**state.raised, event.alert_id: event},
                known=state.known | {event.alert_id},
            )
        case events.OverdueAlertRecovered():
            if event.alert_id not in state.raised:
                raise CorruptHistory(f"recovered, but not raised: {event.alert_id}")
            left = {id: alert for id, alert in state.raised.items() if id != event.alert_id}
            return Alerts(raised=left, known=state.known)
        case _:
            assert_never(event)
