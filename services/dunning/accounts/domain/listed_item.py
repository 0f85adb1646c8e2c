"""An open item as a notice or a task lists it, and which ones belong on the list. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItem:
    """What dunning knows of an item: its amount now, and before the day it last moved."""

    open_item_id: UUID
    invoice_number: str
    installment: int
    issued_on: date
    due_on: date
    open_amount: Money
    moved_on: date
    amount_before: Money

    def open_at_start_of(self, day: date) -> Money:
        """Money that came later on the day does not count, money that came after it does.

        So a list is the same whether it is made in the first second of the day or hours later,
        and after an outage nobody is reminded of what was paid since.
        """
        return self.amount_before if self.moved_on == day else self.open_amount


def to_list(
    reached: ListedItem, siblings: Iterable[KnownItem], crossing_on: date
) -> Sequence[ListedItem]:
    """Items of one account, due date and currency that a notice of the day names; none: send none.

    `reached` is the item that crossed the threshold. It is left out when it is known to be
    closed since.
    """
    currency = reached.open_amount.currency
    known = {
        item.open_item_id: item
        for item in siblings
        if item.due_on == reached.due_on and item.open_amount.currency == currency
    }
    listed = []
    for item in known.values():
        amount = item.open_at_start_of(crossing_on)
        is_there = item.issued_on < crossing_on or item.open_item_id == reached.open_item_id
        if is_there and amount.minor > 0:
            listed.append(
                ListedItem(
                    open_item_id=item.open_item_id,
                    invoice_number=item.invoice_number,
                    installment=item.installment,
                    due_on=item.due_on,
                    open_amount=amount,
                )
            )
    if reached.open_item_id not in known:
        listed.append(reached)
    return sorted(listed, key=lambda item: (item.invoice_number, item.installment))
