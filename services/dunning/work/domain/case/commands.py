"""The commands given to a case: one account's overdue items in one currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.kernel.decider import Book
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOverdueItem:
    book: Book
    account_id: UUID
    account_number: str
    open_item_id: UUID
    invoice_id: UUID
    invoice_number: str
    installment: int
    due_on: date
    open_amount: Money
    effective_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveCuredItem:
    book: Book
    account_id: UUID
    currency: str
    open_item_id: UUID
    effective_on: date


Command = AddOverdueItem | RemoveCuredItem
