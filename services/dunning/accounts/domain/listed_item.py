"""An open item as a notice or a task lists it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedItem:
    open_item_id: UUID
    invoice_number: str
    installment: int
    due_on: date
    open_amount: Money
