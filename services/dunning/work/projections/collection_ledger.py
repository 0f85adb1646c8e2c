"""What was done to collect from an account, day by day (催收台账)? Every deed of dunning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.projections.account_facts import AccountRow
from services.dunning.work.projections.notes import NOTE, is_note_of
from shared.kernel.envelope import Recorded
from shared.platform.codec import to_json
from shared.platform.projector.keyset import Record, between, one_of, rows_after
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of

SERVICE: Final = "dunning."
# How a case or a promise comes to what is done; what that is, and what is passed over, is shown.
NOT_SHOWN: Final = frozenset(
    (
        "dunning.case.step_reached.v1",
        "dunning.case.review_moved.v1",
        "dunning.case.review_started.v1",
        "dunning.case.reviewed.v1",
        "dunning.promise.day_passed.v1",
    )
)


@row(
    table="collection_entry",
    key=("tenant_id", "id"),
    indexes=(
        Index(("tenant_id", "day", "recorded_at", "log_offset", "id")),
        Index(("tenant_id", "account_id", "day")),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
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


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    return ()


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        if recorded.type.startswith(SERVICE) and recorded.type not in NOT_SHOWN:
            rows.put(_entry(recorded))
    return rows


def _entry(recorded: Recorded[Any]) -> EntryRow:
    _, kind, event, _ = recorded.type.split(".")
    return EntryRow(
        tenant_id=recorded.tenant_id,
        id=recorded.id,
        account_id=recorded.account_id,
        legal_entity=recorded.legal_entity,
        kind=kind,
        event=event,
        day=recorded.effective_on,
        recorded_at=recorded.recorded_at,
        log_offset=recorded.offset,
        resource_id=recorded.stream_id,
        version=recorded.version,
        note_id=getattr(recorded.event, "note_id", None),
        details=to_json(recorded.event).decode(),
    )


READ_MODEL: Final = Projection(
    name="collection_ledger", subscribes_to=("dunning",), rows=(EntryRow,), needs=needs, fold=fold
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which entries; None: all. Both days are inside."""

    account_id: Sequence[UUID] | None = None
    legal_entity: Sequence[str] | None = None
    kind: Sequence[str] | None = None
    day: Sequence[date] | None = None
    day_from: date | None = None
    day_to: date | None = None


async def entries(
    connection: AsyncConnection,
    tenant_id: UUID,
    asked: Asked,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Record]:
    """By day, then as they happened; with what was said, and the account's number."""
    entry, account = table_of(EntryRow), table_of(AccountRow)
    values = {
        "account_id": asked.account_id,
        "legal_entity": asked.legal_entity,
        "kind": asked.kind,
        "day": asked.day,
    }
    filters = (
        *one_of(entry.c, values),
        *between(entry.c.day, asked.day_from, asked.day_to),
    )
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
        .join(NOTE, is_note_of(entry), isouter=True)
        .where(entry.c.tenant_id == tenant_id, *filters)
    )
    key = (entry.c.day, entry.c.recorded_at, entry.c.log_offset, entry.c.id)
    return await rows_after(connection, statement, key, after, limit)
