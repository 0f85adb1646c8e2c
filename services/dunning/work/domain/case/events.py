"""What has happened to a case. Stored for ever: add fields, never change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCase:
    """What every event of a case carries."""

    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(OfCase):
    account_number: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemAdded(OfCase):
    open_item_id: UUID
    invoice_id: UUID
    invoice_number: str
    installment: int
    due_on: date
    open_amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemRemoved(OfCase):
    open_item_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(OfCase):
    """No item is overdue any more."""


Event = CaseOpened | OpenItemAdded | OpenItemRemoved | CaseClosed
