"""Who was reminded, how, of what, and is it on its way?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from services.dunning.notices.domain.notice.events import NoticeAccepted, NoticeQueued
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.platform.codec import to_json
from shared.platform.projector.port import Need, Projection, ReadModel, Rows

METADATA: Final = sa.MetaData()


@dataclass(frozen=True, slots=True)
class Notice:
    tenant_id: UUID
    id: UUID
    account_id: UUID
    account_number: str
    legal_entity: str
    channel: str
    template: str
    due_on: date
    step: int
    grade: str
    currency: str
    items: str  # JSON list, as the event says it.
    status: str  # queued, accepted
    queued_on: date
    message_id: str | None
    version: int


NOTICE: Final = ReadModel(
    sa.Table(
        "notice",
        METADATA,
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("account_number", sa.Text, nullable=False),
        sa.Column("legal_entity", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("grade", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("items", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("queued_on", sa.Date, nullable=False),
        sa.Column("message_id", sa.Text),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Index("notice_list", "tenant_id", "queued_on", "id"),
    ),
    Notice,
)


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        if isinstance(recorded.event, NoticeAccepted):
            yield Need(NOTICE, (recorded.tenant_id, recorded.stream_id))


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        match recorded.event:
            case NoticeQueued() as event:
                rows.put(_notice(recorded, event))
            case NoticeAccepted() as event:
                _accept(rows, recorded, event)
            case _:
                pass  # Of another read model.
    return rows


def _notice(recorded: Recorded[Any], event: NoticeQueued) -> Notice:
    return Notice(
        recorded.tenant_id,
        recorded.stream_id,
        event.account_id,
        event.account_number,
        recorded.legal_entity,
        event.channel,
        event.template,
        event.due_on,
        event.step,
        event.grade,
        event.currency,
        to_json(event.items).decode(),
        "queued",
        recorded.effective_on,
        None,
        recorded.version,
    )


def _accept(rows: Rows, recorded: Recorded[Any], event: NoticeAccepted) -> None:
    notice = rows.get(NOTICE, (recorded.tenant_id, recorded.stream_id))
    if notice is None:
        raise CorruptHistory("a notice was accepted that was never queued")
    accepted = replace(
        notice, status="accepted", message_id=event.message_id, version=recorded.version
    )
    rows.put(accepted)


READ_MODEL: Final = Projection(
    name="notices", subscribes_to=("dunning",), rows=(NOTICE,), needs=needs, fold=fold
)
