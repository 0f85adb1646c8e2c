"""Use cases of alerts: name the stream and what is decided. Pure; no rule lives here."""

from __future__ import annotations

from services.dunning.alerts.domain.overdue_alert import commands, decide
from services.dunning.alerts.domain.overdue_alert.decide import overdue_alert
from services.dunning.alerts.domain.overdue_alert.state import State
from shared.kernel.decider import Work, work_now


def raise_alert(command: commands.RaiseAlert) -> Work[State]:
    """An open item crossed a threshold."""
    return work_now(
        overdue_alert.stream(command.book, str(command.open_item_id)),
        lambda state, now: decide.raise_alert(command, state, now=now),
        ids=(command.alert_id,),
        subject=command.open_item_id,
    )


def recover_alerts(command: commands.RecoverAlerts) -> Work[State]:
    """The item is overdue no longer."""
    return work_now(
        overdue_alert.stream(command.book, str(command.open_item_id)),
        lambda state, now: decide.recover_alerts(command, state, now=now),
        subject=command.open_item_id,
    )
