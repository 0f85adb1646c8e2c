"""Alerts: one for every threshold an open item crosses, and a recovery for each."""

from __future__ import annotations

from typing import Final

from services.dunning.accounts.projections.account_facts import zone_of_account
from services.dunning.accounts.projections.crossing_facts import facts_of_crossings
from services.dunning.alerts.api import overdue_alerts as api
from services.dunning.alerts.domain.overdue_alert import commands, events
from services.dunning.alerts.domain.overdue_alert.decide import overdue_alert
from services.dunning.alerts.handlers import overdue_alert as handlers
from services.dunning.alerts.projections import overdue_alerts
from services.dunning.alerts.reactions import (
    when_invoice_became_overdue_raise_an_alert,
    when_overdue_was_cured_recover_its_alerts,
)
from shared.platform.area import Area, reaction

RAISED: Final = "dunning.overdue_alert.raised.v1"
RECOVERED: Final = "dunning.overdue_alert.recovered.v1"

AREA: Final = Area(
    name="alerts",
    aggregates=(overdue_alert,),
    events={RAISED: events.OverdueAlertRaised, RECOVERED: events.OverdueAlertRecovered},
    public={"alerts": frozenset((RAISED, RECOVERED))},
    handlers={
        commands.RaiseAlert: handlers.raise_alert,
        commands.RecoverAlerts: handlers.recover_alerts,
    },
    read_models=(overdue_alerts.READ_MODEL,),
    reactions=(
        reaction(when_invoice_became_overdue_raise_an_alert, ask_all=facts_of_crossings),
        reaction(when_overdue_was_cured_recover_its_alerts, ask=zone_of_account),
    ),
    routes=(api.router,),
)
