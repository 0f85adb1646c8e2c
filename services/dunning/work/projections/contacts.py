"""Whom did we try to reach, and what came of it? What was said is in the note table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.work.domain.contact.events import ContactRecorded
from services.dunning.work.projections.notes import with_note
from shared.kernel.envelope import Recorded
from shared.platform.codec import to_json
from shared.platform.projector.keyset import Record, one_of, one_row, rows_after
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of


@row(
    table="contact",
    key=("tenant_id", "id"),
    indexes=(
        Index(("tenant_id", "contacted_at", "id")),
        Index(("tenant_id", "account_id", "contacted_at")),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    tenant_id: UUID
    id: UUID
    account_id: UUID
    account_number: str
    legal_entity: str
    number: str
    channel: str
    day: date
    contacted_at: datetime
    open_item_ids: str  # JSON list.
    outcome: str
    reason: str | None
    next_step: str | None
    next_step_on: date | None
    note_id: UUID | None
    version: int


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    return ()


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        if isinstance(recorded.event, ContactRecorded):
            rows.put(_contact(recorded, recorded.event))
    return rows


def _contact(recorded: Recorded[Any], event: ContactRecorded) -> ContactRow:
    return ContactRow(
        tenant_id=recorded.tenant_id,
        id=recorded.stream_id,
        account_id=event.account_id,
        account_number=event.account_number,
        legal_entity=recorded.legal_entity,
        number=event.number,
        channel=event.channel,
        day=recorded.effective_on,
        contacted_at=event.contacted_at,
        open_item_ids=to_json(event.open_item_ids).decode(),
        outcome=event.outcome,
        reason=event.reason,
        next_step=event.next_step,
        next_step_on=event.next_step_on,
        note_id=event.note_id,
        version=recorded.version,
    )


READ_MODEL: Final = Projection(
    name="contacts", subscribes_to=("dunning",), rows=(ContactRow,), needs=needs, fold=fold
)


# --- questions

_TABLE: Final = table_of(ContactRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which contacts; None: all."""

    account_id: Sequence[UUID] | None = None
    channel: Sequence[str] | None = None
    day: Sequence[date] | None = None
    number: Sequence[str] | None = None


async def list_contacts(
    connection: AsyncConnection,
    tenant_id: UUID,
    asked: Asked,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Record]:
    """By when they happened, with what was said."""
    found = with_note(_TABLE, tenant_id).where(*one_of(_TABLE.c, asdict(asked)))
    return await rows_after(connection, found, [_TABLE.c.contacted_at, _TABLE.c.id], after, limit)


async def find_contact(
    connection: AsyncConnection, tenant_id: UUID, contact_id: UUID
) -> Record | None:
    return await one_row(connection, with_note(_TABLE, tenant_id).where(_TABLE.c.id == contact_id))


async def last_contacts(
    connection: AsyncConnection, tenant_id: UUID, accounts: Sequence[UUID]
) -> Mapping[UUID, Record]:
    """The latest attempt to reach each of these accounts; none where nobody tried."""
    of = _TABLE.c
    found = await connection.execute(
        sa.select(of.account_id, of.id, of.channel, of.day, of.contacted_at, of.outcome)
        .where(of.tenant_id == tenant_id, of.account_id.in_(accounts))
        .ext(distinct_on(of.account_id))
        .order_by(of.account_id, of.contacted_at.desc(), of.id)
    )
    return {row["account_id"]: row for row in found.mappings()}
