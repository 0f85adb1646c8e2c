"""What was done to collect from an account, day by day (催收台账)? Every event of dunning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.projections.account_facts import ACCOUNT
from shared.kernel.envelope import Recorded
from shared.platform.codec import to_json
from shared.platform.projector.keyset import Record, rows_after
from shared.platform.projector.port import Need, Projection, ReadModel, Rows

METADATA: Final = sa.MetaData()
KINDS: Final = ("case", "overdue_alert", "notice", "task", "contact", "promise")
SERVICE: Final = "dunning."


@dataclass(frozen=True, slots=True)
class Entry:
    tenant_id: UUID
    id: UUID  # Of the event.
    account_id: UUID
    legal_entity: str
    kind: str
    event: str  # opened, queued, …
    day: date
    recorded_at: datetime
    log_offset: int  # Orders what one account saw at one instant.
    resource_id: UUID
    version: int
    note_id: UUID | None
    details: str  # JSON, the event itself.


ENTRY: Final = ReadModel(
    sa.Table(
        "collection_entry",
        METADATA,
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("legal_entity", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("log_offset", sa.BigInteger, nullable=False),
        sa.Column("resource_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("note_id", sa.Uuid),
        sa.Column("details", sa.Text, nullable=False),
        sa.Index("collection_entry_of", "tenant_id", "account_id", "day"),
        sa.Index("collection_entry_list", "tenant_id", "day", "recorded_at", "log_offset", "id"),
    ),
    Entry,
)
NOTE: Final = sa.table(
    "note", sa.column("tenant_id", sa.Uuid), sa.column("id", sa.Uuid), sa.column("details", sa.JSON)
)


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    return ()


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        if recorded.type.startswith(SERVICE):
            rows.put(_entry(recorded))
    return rows


def _entry(recorded: Recorded[Any]) -> Entry:
    _, kind, event, _ = recorded.type.split(".")
    return Entry(
        recorded.tenant_id,
        recorded.id,
        recorded.account_id,
        recorded.legal_entity,
        kind,
        event,
        recorded.effective_on,
        recorded.recorded_at,
        recorded.offset,
        recorded.stream_id,
        recorded.version,
        getattr(recorded.event, "note_id", None),
        to_json(recorded.event).decode(),
    )


READ_MODEL: Final = Projection(
    name="collection_ledger", subscribes_to=("dunning",), rows=(ENTRY,), needs=needs, fold=fold
)


async def entries(
    connection: AsyncConnection,
    tenant_id: UUID,
    filters: Sequence[sa.ColumnElement[bool]],
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Record]:
    """By day, then as they happened; with what was said, and the account's number."""
    entry, account = ENTRY.table, ACCOUNT.table
    statement = (
        sa.select(entry, account.c.number.label("account_number"), NOTE.c.details.label("note"))
        .join_from(
            entry,
            account,
            sa.and_(
                account.c.tenant_id == entry.c.tenant_id,
                account.c.account_id == entry.c.account_id,
            ),
            isouter=True,
        )
        .join(
            NOTE,
            sa.and_(NOTE.c.tenant_id == entry.c.tenant_id, NOTE.c.id == entry.c.note_id),
            isouter=True,
        )
        .where(entry.c.tenant_id == tenant_id, *filters)
    )
    key = (entry.c.day, entry.c.recorded_at, entry.c.log_offset, entry.c.id)
    return await rows_after(connection, statement, key, after, limit)
