"""Whom did we try to reach, and what came of it? What was said is in the note table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from services.dunning.work.domain.contact.events import ContactRecorded
from shared.kernel.envelope import Recorded
from shared.platform.codec import to_json
from shared.platform.projector.port import Need, Projection, ReadModel, Rows

METADATA: Final = sa.MetaData()


@dataclass(frozen=True, slots=True)
class Contact:
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


CONTACT: Final = ReadModel(
    sa.Table(
        "contact",
        METADATA,
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("account_number", sa.Text, nullable=False),
        sa.Column("legal_entity", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open_item_ids", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("next_step", sa.Text),
        sa.Column("next_step_on", sa.Date),
        sa.Column("note_id", sa.Uuid),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Index("contact_list", "tenant_id", "contacted_at", "id"),
    ),
    Contact,
)


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    return ()


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        if isinstance(recorded.event, ContactRecorded):
            rows.put(_contact(recorded, recorded.event))
    return rows


def _contact(recorded: Recorded[Any], event: ContactRecorded) -> Contact:
    return Contact(
        recorded.tenant_id,
        recorded.stream_id,
        event.account_id,
        event.account_number,
        recorded.legal_entity,
        event.number,
        event.channel,
        recorded.effective_on,
        event.contacted_at,
        to_json(event.open_item_ids).decode(),
        event.outcome,
        event.reason,
        event.next_step,
        event.next_step_on,
        event.note_id,
        recorded.version,
    )


READ_MODEL: Final = Projection(
    name="contacts", subscribes_to=("dunning",), rows=(CONTACT,), needs=needs, fold=fold
)
