"""How much is open, by due date: the open items counted and summed, so that aging reads no item.

Written by the fold of open items, so that both always agree. A row belongs to one partition: its
accounts are of that partition alone, and two processes never write the same row. A question sums
over the partitions. Where nothing is open there is no row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, cast
from uuid import UUID

from shared.kernel.envelope import Recorded
from shared.kernel.money import Money
from shared.platform.projector.port import Key, Rows
from shared.platform.projector.rows import row

FAR: Final = date(9999, 12, 31)  # Later than anything is due.
_Key = tuple[UUID, str, int, str, str, date]


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


class TotalChanges:
    """Collects by how much the events of a batch change the totals: each row is written once."""

    def __init__(self) -> None:
        self._items: dict[Key, int] = {}
        self._amounts: dict[Key, Money] = {}

    def add(self, key: Key, amount: Money, *, was_open: bool, is_open: bool) -> None:
        """Counts an item once while it is open, and what an event moves of it."""
        known = self._amounts.get(key)
        self._amounts[key] = amount if known is None else known + amount
        self._items[key] = self._items.get(key, 0) + is_open - was_open

    def write(self, rows: Rows) -> None:
        """Puts the rows as they are now, and drops those in which nothing is open any more."""
        for key, amount in self._amounts.items():
            known = rows.get(OpenTotalRow, key)
            items = self._items[key] + (known.item_count if known else 0)
            if items:
                held = known or _nothing(key)
                minor = (Money(held.minor, held.currency) + amount).minor
                rows.put(replace(held, item_count=items, minor=minor))
            elif known:
                rows.drop(OpenTotalRow, key)


def _nothing(key: Key) -> OpenTotalRow:
    tenant_id, legal_entity, partition_no, currency, kind, listed_on = cast(_Key, key)
    return OpenTotalRow(
        tenant_id=tenant_id,
        legal_entity=legal_entity,
        partition_no=partition_no,
        currency=currency,
        kind=kind,
        listed_on=listed_on,
        due_on=None if listed_on == FAR else listed_on,
        item_count=0,
        minor=0,
    )
