"""How an open item looks where a notice or a task lists it."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem
from shared.kernel.money import Money
from shared.platform.http.views import View, said
from shared.platform.projector.keyset import Record


class ListedItemView(View, frozen=True, kw_only=True):
    """An open item as it was when the list was made."""

    open_item_id: Annotated[
        UUID, said("The open item's id in ledger.", "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11")
    ]
    invoice_number: Annotated[str, said("The number of its invoice.", "INV-2013-0001")]
    installment: Annotated[int, said("Which installment of the invoice it is, from 1.", 1)]
    due_on: Annotated[date, said("The day it was due on.", "2013-01-30")]
    open_amount: Annotated[Money, said("What was open then.")]


def of_item(item: ListedItem) -> ListedItemView:
    """As an event carries it."""
    return ListedItemView(
        open_item_id=item.open_item_id,
        invoice_number=item.invoice_number,
        installment=item.installment,
        due_on=item.due_on,
        open_amount=item.open_amount,
    )


def of_row(row: Record) -> ListedItemView:
    """As a read model keeps it."""
    return ListedItemView(
        open_item_id=row["open_item_id"],
        invoice_number=row["invoice_number"],
        installment=row["installment"],
        due_on=row["due_on"],
        open_amount=Money(row["open_minor"], row["currency"]),
    )
