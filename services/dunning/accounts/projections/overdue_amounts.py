"""How much of each customer is overdue, by currency: the order of the work list is read from it.

Written by the fold of account facts, so that it always agrees with the items. Of whom nothing is
overdue there is no row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.kernel.envelope import Recorded
from shared.kernel.money import Money
from shared.platform.projector.port import Need, Rows
from shared.platform.projector.rows import Index, row


@row(
    table="known_overdue",
    key=("tenant_id", "account_id", "currency"),
    indexes=(Index(("tenant_id", "currency", "minus_minor")),),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueRow:
    tenant_id: UUID
    account_id: UUID
    currency: str
    minus_minor: int  # Below zero: what is overdue, so that the most comes first.


def need_overdue(recorded: Recorded[Any]) -> Need:
    """The account's rows in all currencies: not every event says its own."""
    return Need(OverdueRow, (recorded.tenant_id, recorded.account_id))


def move_overdue(rows: Rows, recorded: Recorded[Any], *, before: Money, after: Money) -> None:
    """Counts what is overdue of an item after the event, and no more what was before."""
    if before == after:
        return
    key = (recorded.tenant_id, recorded.account_id, after.currency)
    known = rows.get(OverdueRow, key)
    owed = Money(known.minus_minor if known else 0, after.currency) + before - after
    if owed.minor == 0:
        rows.drop(OverdueRow, key)
        return
    rows.put(
        OverdueRow(
            tenant_id=recorded.tenant_id,
            account_id=recorded.account_id,
            currency=after.currency,
            minus_minor=owed.minor,
        )
    )
