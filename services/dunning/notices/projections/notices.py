"""Who was reminded, how, of what, and has somebody got it?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.notices.domain.notice.events import (
    NoticeAccepted,
    NoticeFailed,
    NoticeQueued,
    NoticeUndeliverable,
)
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.platform.codec import to_json
from shared.platform.projector.keyset import find, one_of, rows_after
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of


@row(
    table="notice",
    key=("tenant_id", "id"),
    indexes=(Index(("tenant_id", "written_on", "id")),),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    tenant_id: UUID
    id: UUID
    account_id: UUID
    account_number: str
    legal_entity: str
    currency: str
    written_on: date
    channel: str
    template: str
    step: int
    grade: str
    items: str  # JSON list, as the event says it.
    part: int
    parts: int
    open_minor: int  # Of the items of all parts.
    unallocated_minor: int
    demanded_minor: int
    instead_of: UUID | None
    status: str  # queued, accepted, undeliverable, failed
    message_id: str | None
    reason: str | None  # Why nobody has it.
    ended_on: date | None  # The day it was accepted, or found undeliverable, or given up.
    version: int


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        if isinstance(recorded.event, NoticeAccepted | NoticeUndeliverable | NoticeFailed):
            yield Need(NoticeRow, (recorded.tenant_id, recorded.stream_id))


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        match recorded.event:
            case NoticeQueued() as event:
                rows.put(_notice(recorded, event))
            case NoticeAccepted(message_id=message_id):
                _end(rows, recorded, "accepted", message_id=message_id)
            case NoticeUndeliverable(reason=reason):
                _end(rows, recorded, "undeliverable", reason=reason)
            case NoticeFailed(reason=reason):
                _end(rows, recorded, "failed", reason=reason)
            case _:
                pass  # Of another read model.
    return rows


def _notice(recorded: Recorded[Any], event: NoticeQueued) -> NoticeRow:
    return NoticeRow(
        tenant_id=recorded.tenant_id,
        id=recorded.stream_id,
        account_id=event.account_id,
        account_number=event.account_number,
        legal_entity=recorded.legal_entity,
        currency=event.currency,
        written_on=event.written_on,
        channel=event.channel,
        template=event.template,
        step=event.step,
        grade=event.grade,
        items=to_json(event.items).decode(),
        part=event.part,
        parts=event.parts,
        open_minor=event.open_amount.minor,
        unallocated_minor=event.unallocated.minor,
        demanded_minor=event.demanded.minor,
        instead_of=event.instead_of,
        status="queued",
        message_id=None,
        reason=None,
        ended_on=None,
        version=recorded.version,
    )


def _end(
    rows: Rows,
    recorded: Recorded[Any],
    status: str,
    *,
    message_id: str | None = None,
    reason: str | None = None,
) -> None:
    notice = rows.get(NoticeRow, (recorded.tenant_id, recorded.stream_id))
    if notice is None:
        raise CorruptHistory("a notice ended that was never queued")
    ended = replace(
        notice,
        status=status,
        message_id=message_id,
        reason=reason,
        ended_on=recorded.effective_on,
        version=recorded.version,
    )
    rows.put(ended)


READ_MODEL: Final = Projection(
    name="notices", subscribes_to=("dunning",), rows=(NoticeRow,), needs=needs, fold=fold
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Filters: several values mean or, none means any."""

    status: Sequence[str] | None
    reason: Sequence[str] | None
    channel: Sequence[str] | None
    template: Sequence[str] | None
    step: Sequence[int] | None
    account_id: Sequence[UUID] | None
    written_on: Sequence[date] | None


async def notices(
    connection: AsyncConnection,
    tenant_id: UUID,
    asked: Asked,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[NoticeRow]:
    """Up to limit + 1 notices, oldest first."""
    table = table_of(NoticeRow)
    statement = sa.select(table).where(
        table.c.tenant_id == tenant_id, *one_of(table.c, asdict(asked))
    )
    key = [table.c.written_on, table.c.id]
    found = await rows_after(connection, statement, key, after, limit)
    return [NoticeRow(**row) for row in found]


async def notice(connection: AsyncConnection, tenant_id: UUID, id: UUID) -> NoticeRow | None:
    return await find(connection, NoticeRow, tenant_id=tenant_id, id=id)
