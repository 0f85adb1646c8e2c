"""Use cases of alerts: name the stream, decide, answer. Pure; no rule lives here."""

from __future__ import annotations

from services.dunning.alerts.domain.overdue_alert import commands, decide
from services.dunning.alerts.domain.overdue_alert.decide import overdue_alert
from shared.kernel.decider import Work, changed


def raise_alert(command: commands.RaiseAlert) -> Work:
    """An open item crossed a threshold."""
    stream = overdue_alert.stream(command.book, str(command.open_item_id))
    return Work(
        [stream],
        lambda states: [
            changed(
                stream,
                decide.raise_alert(command, states.of(stream)),
                ids=(command.alert_id,),
                subject=command.open_item_id,
            )
        ],
        lambda states: b"",
    )


def recover_alerts(command: commands.RecoverAlerts) -> Work:
    """The item is overdue no longer."""
    stream = overdue_alert.stream(command.book, str(command.open_item_id))
    return Work(
        [stream],
        lambda states: [
            changed(
                stream,
                decide.recover_alerts(command, states.of(stream)),
                subject=command.open_item_id,
            )
        ],
        lambda states: b"",
    )
