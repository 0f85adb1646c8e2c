"""What an open item looks like, and the movements that made it so."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, UnsetType

from shared.kernel.money import Money
from shared.platform.http.views import View, said

MONEY = {"amount": "8000.00", "currency": "CNY"}
ID = "3b5f0c9e-1c55-5a1d-8a3e-2d7e0f6b9c01"


class OpenItemView(View, frozen=True, kw_only=True):
    """An installment of an invoice, or the unallocated rest of a payment, which is negative."""

    id: Annotated[UUID, said("Of the item itself.", ID)]
    kind: Annotated[Literal["installment", "unallocated"], said("Which of both.", "installment")]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    account_id: Annotated[UUID, said("Whose it is.", ID)]
    account_number: Annotated[str, said("The account's number.", "C-1001")]
    invoice_id: Annotated[UUID | UnsetType, said("Only of an installment.", ID)] = UNSET
    payment_id: Annotated[UUID | UnsetType, said("Only of unallocated money.", ID)] = UNSET
    number: Annotated[str, said("Of the invoice or payment.", "INV-1")]
    installment: Annotated[int | None, said("Which of the invoice; null: of a payment.", 1)]
    dated_on: Annotated[date, said("Invoice date or value date.", "2026-01-31")]
    due_on: Annotated[date | None, said("When it is to be paid.", "2026-03-02")]
    days_past_due: Annotated[int | None, said("At as_of; below zero: not due yet.", 12)]
    open_amount: Annotated[Money, said("What is open at as_of.", MONEY)]


class MovementView(View, frozen=True, kw_only=True):
    """What changed an open item once."""

    effective_on: Annotated[date, said("Its business date.", "2026-01-31")]
    recorded_at: Annotated[datetime, said("When it was learned.", "2026-01-31T02:00:00Z")]
    amount: Annotated[Money, said("Signed: what is owed grows with it.", MONEY)]
    type: Annotated[str, said("Of the event that did it.", "ledger.invoice.issued.v1")]


class OpenItemWithMovementsView(OpenItemView, frozen=True, kw_only=True):
    """An open item as of a day, as known at an instant, with every movement that made it so."""

    as_of: Annotated[date, said("The day asked about.", "2026-03-14")]
    as_known: Annotated[datetime, said("What was learned later is left out.", "2026-03-14T00:00Z")]
    movements: Annotated[list[MovementView], said("In their order.", [])]
