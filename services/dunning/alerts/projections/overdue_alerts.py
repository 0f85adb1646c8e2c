"""Which alerts were raised and recovered, in an order that never changes? A feed.

An alert's place is its place on the log: partition and offset. So several processes fill the feed
without agreeing on a number, a rebuilt feed is the same feed, and a cursor (how far in each
partition) never misses what another partition's process wrote late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.alerts.domain.overdue_alert.events import (
    OverdueAlertRaised,
    OverdueAlertRecovered,
)
from shared.kernel.envelope import Recorded
from shared.platform.projector.keyset import one_of, rows_of
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of


@row(
    table="overdue_alert_feed",
    key=("tenant_id", "partition_no", "log_offset"),
    indexes=(
        Index(("tenant_id", "shown_at", "partition_no", "log_offset")),
        Index(("tenant_id", "id")),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItemRow:
    tenant_id: UUID
    partition_no: int
    log_offset: int
    shown_at: datetime  # The latest recorded_at in the partition so far: never goes back.
    id: UUID
    event: str  # raised, recovered
    alert_id: UUID
    account_id: UUID
    legal_entity: str
    account_number: str
    open_item_id: UUID
    invoice_number: str
    installment: int
    due_on: date
    effective_on: date
    recorded_at: datetime
    threshold_days: int
    grade: str
    collector_id: UUID | None
    currency: str
    open_minor: int
    policy_version: str


@row(table="overdue_alert_feed_head", key=("tenant_id", "partition_no"))
@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHeadRow:
    tenant_id: UUID
    partition_no: int
    shown_at: datetime


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        if isinstance(recorded.event, OverdueAlertRaised | OverdueAlertRecovered):
            yield Need(FeedHeadRow, (recorded.tenant_id, recorded.partition))


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        event = recorded.event
        if isinstance(event, OverdueAlertRaised | OverdueAlertRecovered):
            tenant_id, partition = recorded.tenant_id, recorded.partition
            head = rows.get(FeedHeadRow, (tenant_id, partition))
            at = max(head.shown_at, recorded.recorded_at) if head else recorded.recorded_at
            rows.put(FeedHeadRow(tenant_id=tenant_id, partition_no=partition, shown_at=at))
            rows.put(_item(recorded, event, at))
    return rows


def _item(
    recorded: Recorded[Any], event: OverdueAlertRaised | OverdueAlertRecovered, at: datetime
) -> FeedItemRow:
    return FeedItemRow(
        tenant_id=recorded.tenant_id,
        partition_no=recorded.partition,
        log_offset=recorded.offset,
        shown_at=at,
        id=recorded.id,
        event="raised" if isinstance(event, OverdueAlertRaised) else "recovered",
        alert_id=event.alert_id,
        account_id=event.account.id,
        legal_entity=event.account.legal_entity,
        account_number=event.account.number,
        open_item_id=event.open_item_id,
        invoice_number=event.invoice_number,
        installment=event.installment,
        due_on=event.due_on,
        effective_on=event.effective_on,
        recorded_at=recorded.recorded_at,
        threshold_days=event.threshold_days,
        grade=event.grade,
        collector_id=event.collector_id,
        currency=event.open_amount.currency,
        open_minor=event.open_amount.minor,
        policy_version=event.policy_version,
    )


READ_MODEL: Final = Projection(
    name="overdue_alerts",
    subscribes_to=("dunning",),
    rows=(FeedItemRow, FeedHeadRow),
    needs=needs,
    fold=fold,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Filters: several values mean or, none means any."""

    event: Sequence[str] | None
    threshold_days: Sequence[int] | None
    account_id: Sequence[UUID] | None
    open_item_id: Sequence[UUID] | None
    collector_id: Sequence[UUID] | None


async def feed(
    connection: AsyncConnection,
    tenant_id: UUID,
    seen: Mapping[int, int],
    asked: Asked,
    limit: int,
) -> Sequence[FeedItemRow]:
    """The next alerts beyond what was seen (partition -> offset), in feed order."""
    table = table_of(FeedItemRow)
    beyond = [
        sa.and_(table.c.partition_no == partition, table.c.log_offset > offset)
        for partition, offset in seen.items()
    ]
    statement = (
        sa.select(table)
        .where(table.c.tenant_id == tenant_id, *one_of(table.c, asdict(asked)))
        .where(sa.or_(*beyond, table.c.partition_no.not_in(list(seen))))
        .order_by(table.c.shown_at, table.c.partition_no, table.c.log_offset)
        .limit(limit)
    )
    return rows_of(FeedItemRow, await connection.execute(statement))
