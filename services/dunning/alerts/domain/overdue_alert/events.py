"""Alerts as the outside world reads them, too. Stored for ever: add fields, never change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAccount:
    id: UUID
    legal_entity: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfAlert:
    """What every event of an alert says of it. `open_amount` is what is open after the event."""

    alert_id: UUID
    account: AlertAccount
    open_item_id: UUID
    invoice_number: str
    installment: int
    due_on: date
    effective_on: date
    threshold_days: int
    grade: str
    collector_id: UUID | None
    open_amount: Money
    policy_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueAlertRaised(OfAlert):
    """An open item crossed a threshold of days past due. `alert_id` is the id of this event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueAlertRecovered(OfAlert):
    """The overdue that raised the alert is over."""


Event = OverdueAlertRaised | OverdueAlertRecovered
