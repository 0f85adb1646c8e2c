"""Builders of what credit sees of an account in a currency: invoices and allocations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from services.credit.scorecards.domain.behavior import Allocation, History, Invoice
from shared.kernel.money import Money


@dataclass
class Paying:
    """One account's book, invoice by invoice; all invoices are due 30 days after their date."""

    currency: str = "CNY"
    invoices: list[Invoice] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)

    @property
    def history(self) -> History:
        return History(self.currency, self.invoices, self.allocations)

    def owes(self, minor: int, *, due_on: date, has_due_date: bool = True) -> UUID:
        """Adds an open item."""
        item = UUID(int=len(self.invoices) + 1)
        self.invoices.append(
            Invoice(
                open_item_id=item,
                amount=Money(minor, self.currency),
                issued_on=due_on - timedelta(days=30),
                due_on=due_on if has_due_date else None,
                effective_on=due_on - timedelta(days=30),
            )
        )
        return item

    def pays(self, item: UUID, minor: int, *, on: date, known_from: date | None = None) -> None:
        due_on = next(each.due_on for each in self.invoices if each.open_item_id == item)
        self.allocations.append(
            Allocation(
                open_item_id=item,
                amount=Money(minor, self.currency),
                value_on=on,
                due_on=due_on,
                effective_on=known_from or on,
            )
        )

    def paid(self, minor: int, *, days: int, on: date) -> UUID:
        """Adds an invoice paid in full, so many days after it was due (before, if negative)."""
        item = self.owes(minor, due_on=on - timedelta(days=days))
        self.pays(item, minor, on=on)
        return item
