"""Which alerts were raised and recovered, in an order that never changes? A feed.

An alert's place is its place on the log: partition and offset. So several processes fill the feed
without agreeing on a number, a rebuilt feed is the same feed, and a cursor (how far in each
partition) never misses what another partition's process wrote late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from shared.platform.projector.keyset import Record
from shared.platform.projector.port import Need, Projection, ReadModel, Rows

METADATA: Final = sa.MetaData()


@dataclass(frozen=True, slots=True)
class FeedItem:
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


@dataclass(frozen=True, slots=True)
class FeedHead:
    tenant_id: UUID
    partition_no: int
    shown_at: datetime


FEED: Final = ReadModel(
    sa.Table(
        "overdue_alert_feed",
        METADATA,
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("partition_no", sa.Integer, primary_key=True),
        sa.Column("log_offset", sa.BigInteger, primary_key=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("alert_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("legal_entity", sa.Text, nullable=False),
        sa.Column("account_number", sa.Text, nullable=False),
        sa.Column("open_item_id", sa.Uuid, nullable=False),
        sa.Column("invoice_number", sa.Text, nullable=False),
        sa.Column("installment", sa.Integer, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("threshold_days", sa.Integer, nullable=False),
        sa.Column("grade", sa.Text, nullable=False),
        sa.Column("collector_id", sa.Uuid),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("open_minor", sa.BigInteger, nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.Index("overdue_alert_feed_order", "tenant_id", "shown_at", "partition_no", "log_offset"),
        sa.Index("overdue_alert_feed_id", "tenant_id", "id"),
    ),
    FeedItem,
)
HEAD: Final = ReadModel(
    sa.Table(
        "overdue_alert_feed_head",
        METADATA,
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("partition_no", sa.Integer, primary_key=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
    ),
    FeedHead,
)


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        if isinstance(recorded.event, OverdueAlertRaised | OverdueAlertRecovered):
            yield Need(HEAD, (recorded.tenant_id, recorded.partition))


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        event = recorded.event
        if isinstance(event, OverdueAlertRaised | OverdueAlertRecovered):
            tenant_id, partition = recorded.tenant_id, recorded.partition
            head = rows.get(HEAD, (tenant_id, partition))
            at = max(head.shown_at, recorded.recorded_at) if head else recorded.recorded_at
            rows.put(FeedHead(tenant_id, partition, at))
            rows.put(_item(recorded, event, at))
    return rows


def _item(
    recorded: Recorded[Any], event: OverdueAlertRaised | OverdueAlertRecovered, at: datetime
) -> FeedItem:
    return FeedItem(
        recorded.tenant_id,
        recorded.partition,
        recorded.offset,
        at,
        recorded.id,
        "raised" if isinstance(event, OverdueAlertRaised) else "recovered",
        event.alert_id,
        event.account.id,
        event.account.legal_entity,
        event.account.number,
        event.open_item_id,
        event.invoice_number,
        event.installment,
        event.due_on,
        event.effective_on,
        recorded.recorded_at,
        event.threshold_days,
        event.grade,
        event.collector_id,
        event.open_amount.currency,
        event.open_amount.minor,
        event.policy_version,
    )


READ_MODEL: Final = Projection(
    name="overdue_alerts", subscribes_to=("dunning",), rows=(FEED, HEAD), needs=needs, fold=fold
)


async def feed(
    connection: AsyncConnection,
    tenant_id: UUID,
    seen: Mapping[int, int],
    filters: Sequence[sa.ColumnElement[bool]],
    limit: int,
) -> Sequence[Record]:
    """The next alerts beyond what was seen (partition -> offset), in feed order."""
    table = FEED.table
    beyond = [
        sa.and_(table.c.partition_no == partition, table.c.log_offset > offset)
        for partition, offset in seen.items()
    ]
    statement = (
        sa.select(table)
        .where(table.c.tenant_id == tenant_id, *filters)
        .where(sa.or_(*beyond, table.c.partition_no.not_in(list(seen))))
        .order_by(table.c.shown_at, table.c.partition_no, table.c.log_offset)
        .limit(limit)
    )
    return (await connection.execute(statement)).mappings().all()
