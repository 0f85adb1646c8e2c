"""Every rule alerts obey: one per crossing, one recovery for each."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.dunning.alerts.domain.overdue_alert import commands, events
from services.dunning.alerts.domain.overdue_alert.evolve import evolve
from services.dunning.alerts.domain.overdue_alert.state import NO_ALERTS, State
from shared.kernel.days import day_at
from shared.kernel.decider import NOTHING, Aggregate, Decided
from shared.kernel.ids import derived


def alert_id(crossing: UUID, threshold_days: int, policy_version: str) -> UUID:
    """The id of an alert follows from the event that crossed; another overdue has another one."""
    return derived(crossing, threshold_days, policy_version)


def raise_alert(
    command: commands.RaiseAlert, state: State, *, now: datetime
) -> Decided[events.Event]:
    """It is dated when it is raised, however old the overdue is."""
    if command.alert_id in state.known:
        return NOTHING
    today = day_at(now, command.time_zone)
    raised = events.OverdueAlertRaised(
        alert_id=command.alert_id,
        account=command.account,
        open_item_id=command.open_item_id,
        invoice_number=command.invoice_number,
        installment=command.installment,
        due_on=command.due_on,
        effective_on=today,
        threshold_days=command.threshold_days,
        grade=command.grade,
        collector_id=command.collector_id,
        open_amount=command.open_amount,
        policy_version=command.policy_version,
    )
    return Decided(today, [raised])


def recover_alerts(
    command: commands.RecoverAlerts, state: State, *, now: datetime
) -> Decided[events.Event]:
    """One recovery for each alert raised, lowest threshold first."""
    today = day_at(now, command.time_zone)
    raised = sorted(state.raised.values(), key=lambda alert: alert.threshold_days)
    recovered = [
        events.OverdueAlertRecovered(
            alert_id=alert.alert_id,
            account=alert.account,
            open_item_id=alert.open_item_id,
            invoice_number=alert.invoice_number,
            installment=alert.installment,
            due_on=alert.due_on,
            effective_on=today,
            threshold_days=alert.threshold_days,
            grade=alert.grade,
            collector_id=alert.collector_id,
            open_amount=command.open_amount,
            policy_version=alert.policy_version,
        )
        for alert in raised
    ]
    return Decided(today, recovered)


def account_of(event: events.Event) -> UUID:
    return event.account.id


overdue_alert: Aggregate[State, events.Event] = Aggregate(
    "overdue_alert", initial=NO_ALERTS, evolve=evolve, account_of=account_of
)
