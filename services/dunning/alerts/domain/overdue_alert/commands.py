"""The commands given to the alerts of one open item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.dunning.alerts.domain.overdue_alert.events import AlertAccount
from shared.kernel.decider import Book
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAlert:
    book: Book
    alert_id: UUID  # Follows from the crossing: the same crossing is the same alert.
    account: AlertAccount
    time_zone: str  # Of the account, in which the alert has its day.
    open_item_id: UUID
    invoice_number: str
    installment: int
    due_on: date
    threshold_days: int
    grade: str
    collector_id: UUID | None
    open_amount: Money
    policy_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverAlerts:
    book: Book
    time_zone: str
    open_item_id: UUID
    open_amount: Money


Command = RaiseAlert | RecoverAlerts
