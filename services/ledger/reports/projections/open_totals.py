"""How much is open, by due date: the open items counted and summed, so that aging reads no item.

Written by the fold of open items, so that both always agree. A row belongs to one partition: its
accounts are of that partition alone, and two processes never write the same row. A question sums
over the partitions. Where nothing is open there is no row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from shared.kernel.envelope import Recorded
from shared.kernel.money import Money
from shared.platform.projector.port import Key, Rows
from shared.platform.projector.rows import row

FAR: Final = date(9999, 12, 31)  # Later than anything is due.


@row(
    table="open_total",
    key=("tenant_id", "legal_entity", "partition_no", "currency", "kind", "listed_on"),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTotalRow:
    tenant_id: UUID
    legal_entity: str
    partition_no: int
    currency: str
    kind: str  # As of the items.
    listed_on: date  # FAR: without a due date.
    due_on: date | None
    item_count: int  # How many are open, at least one,
    minor: int  # and what is open of them.


def total_key(recorded: Recorded[Any], currency: str, kind: str, due_on: date | None) -> Key:
    """Where an item that the event moves is counted while it is open."""
    listed_on = due_on or FAR
    return recorded.tenant_id, recorded.legal_entity, recorded.partition, currency, kind, listed_on


def add_to_total(
    rows: Rows,
    recorded: Recorded[Any],
    kind: str,
    due_on: date | None,
    *,
    before: Money,
    after: Money,
) -> None:
    """Counts an item with what is open of it after the event, and no more with what was before."""
    key = total_key(recorded, after.currency, kind, due_on)
    known = rows.get(OpenTotalRow, key) or _nothing(recorded, after.currency, kind, due_on)
    nothing = Money.zero(after.currency)
    items = known.item_count + (after != nothing) - (before != nothing)
    minor = (Money(known.minor, known.currency) + after - before).minor
    if items:
        rows.put(replace(known, item_count=items, minor=minor))
    else:
        rows.drop(OpenTotalRow, key)


def _nothing(
    recorded: Recorded[Any], currency: str, kind: str, due_on: date | None
) -> OpenTotalRow:
    return OpenTotalRow(
        tenant_id=recorded.tenant_id,
        legal_entity=recorded.legal_entity,
        partition_no=recorded.partition,
        currency=currency,
        kind=kind,
        listed_on=due_on or FAR,
        due_on=due_on,
        item_count=0,
        minor=0,
    )
