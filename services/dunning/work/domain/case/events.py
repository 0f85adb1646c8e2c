"""What has happened to a case. Stored for ever: add fields, never change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    account_id: UUID
    account_number: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemAdded:
    account_id: UUID
    open_item_id: UUID
    invoice_id: UUID
    invoice_number: str
    installment: int
    due_on: date
    open_amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemRemoved:
    account_id: UUID
    open_item_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed:
    account_id: UUID


Event = CaseOpened | OpenItemAdded | OpenItemRemoved | CaseClosed
