"""Routes of contacts: attempts to reach a contact person. What was said stays out of events."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from services.dunning.accounts.projections import account_facts
from services.dunning.accounts.projections.account_facts import known_account
from services.dunning.accounts.views.account import account_of
from services.dunning.work.domain.contact.commands import RecordContact
from services.dunning.work.handlers import contact as handlers
from services.dunning.work.projections.collection_ledger import NOTE
from services.dunning.work.projections.contacts import ContactRow
from shared.kernel.days import day_at
from shared.kernel.ids import derived
from shared.platform.http.bodies import answer, found, page
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import (
    AccountRef,
    Day,
    Id,
    Instant,
    LongText,
    RequestBody,
    ShortText,
)
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.projector.keyset import Record, one_of, rows_after
from shared.platform.projector.rows import table_of

router = APIRouter(prefix="/contacts", tags=["contacts"])

OPEN_ITEMS_MAX: Final = 100  # items one contact is about
KEY = ("contacted_at", "id")
TABLE = table_of(ContactRow)
Channel = Literal["phone", "email", "letter", "visit", "wechat"]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A code such as no_answer or disputed; what was said belongs into `text`."""


class NewContact(RequestBody):
    account: AccountRef
    number: ShortText | None = None
    channel: Channel
    contacted_at: Instant | None = None
    open_item_ids: list[Id] = Field(default_factory=list, max_length=OPEN_ITEMS_MAX)
    outcome: Word
    reason: Word | None = None
    next_step: Word | None = None
    next_step_on: Day | None = None
    contact_person: ShortText | None = None
    text: LongText | None = None


@router.post("", status_code=201)
async def record_contact(
    body: NewContact, context: CommandContext, query: QueryContext
) -> Response:
    async with query.of("account_facts") as connection:
        account = await known_account(
            connection, context.tenant_id, body.account.resolve(context.tenant_id)
        )
        known = await account_facts.items_of_account(
            connection, context.tenant_id, account.account_id, body.open_item_ids
        )
    contacted_at = body.contacted_at or context.now
    note = {"contact_person": body.contact_person, "text": body.text}
    kept = {name: said for name, said in note.items() if said is not None}
    command = RecordContact(
        book=context.book(account.legal_entity),
        number=body.number or str(derived(account.account_id, "contact", context.key or "")),
        account_id=account.account_id,
        account_number=account.number,
        channel=body.channel,
        contacted_at=contacted_at,
        open_item_ids=body.open_item_ids,
        known_open_item_ids=known,
        outcome=body.outcome,
        reason=body.reason,
        next_step=body.next_step,
        next_step_on=body.next_step_on,
        has_note=bool(kept),
        effective_on=day_at(contacted_at, account.time_zone),
        now=context.now,
    )
    return await context.run(handlers.record_contact(command, kept), 201)


@router.get("")
async def list_contacts(
    query: QueryContext,
    paging: Paging,
    account_id: Annotated[list[Id] | None, Query()] = None,
    channel: Annotated[list[Channel] | None, Query()] = None,
    day: Annotated[list[Day] | None, Query()] = None,
    number: Annotated[list[ShortText] | None, Query()] = None,
) -> Response:
    wanted = one_of(
        TABLE.c, {"account_id": account_id, "channel": channel, "day": day, "number": number}
    )
    async with query.of("contacts") as connection:
        rows = await rows_after(
            connection,
            _with_note().where(TABLE.c.tenant_id == query.tenant_id, *wanted),
            [TABLE.c[name] for name in KEY],
            paging.after,
            paging.limit,
        )
    return page(paging, rows, KEY, [_contact(row) for row in rows])


@router.get("/{id}")
async def show_contact(id: Id, query: QueryContext) -> Response:
    async with query.of("contacts") as connection:
        result = await connection.execute(
            _with_note().where(TABLE.c.tenant_id == query.tenant_id, TABLE.c.id == id)
        )
        row = found(result.mappings().one_or_none())
    return answer(_contact(row), row["version"])


def _with_note() -> sa.Select[tuple[object, ...]]:
    said = sa.and_(NOTE.c.tenant_id == TABLE.c.tenant_id, NOTE.c.id == TABLE.c.note_id)
    return sa.select(TABLE, NOTE.c.details.label("note")).join_from(TABLE, NOTE, said, isouter=True)


def _contact(row: Record) -> dict[str, object]:
    return {
        "id": row["id"],
        "version": row["version"],
        "account": account_of(row),
        "number": row["number"],
        "channel": row["channel"],
        "contacted_at": row["contacted_at"],
        "open_item_ids": msgspec.Raw(row["open_item_ids"].encode()),
        "outcome": row["outcome"],
        "reason": row["reason"],
        "next_step": row["next_step"],
        "next_step_on": row["next_step_on"],
        "note": row["note"],
    }
