"""Routes of contacts: attempts to reach a contact person. What was said stays out of events."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from services.dunning.accounts.api.account_view import AccountRefView, account_of
from services.dunning.accounts.projections import account_facts
from services.dunning.accounts.projections.account_facts import known_account
from services.dunning.work.domain.contact.commands import RecordContact
from services.dunning.work.domain.contact.decide import NextStepOutOfRange, UnknownOpenItem
from services.dunning.work.domain.contact.state import Contacted, State
from services.dunning.work.handlers import contact as handlers
from services.dunning.work.projections import contacts
from shared.kernel.days import day_at
from shared.kernel.decider import Resource, expect
from shared.kernel.ids import derived
from shared.kernel.rejections import (
    EffectiveDateOutOfRange,
    NumberAlreadyUsed,
    UnknownAccount,
)
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import (
    AccountRef,
    Day,
    Id,
    Instant,
    LongText,
    Number,
    RequestBody,
    ShortText,
)
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, View, answers, found, page, said, shown
from shared.platform.projector.keyset import Record

router = APIRouter(prefix="/contacts", tags=["contacts"])

ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"
NOTE: Final = {"contact_person": "王芳", "text": "pays on Friday"}


class ContactView(View, frozen=True, kw_only=True):
    """An attempt to reach a contact person."""

    id: Annotated[UUID, said("Made from its number.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 1)]
    account: Annotated[AccountRefView, said("Whom it is about.")]
    number: Annotated[str, said("The caller's, or made from the key.", "call-0131")]
    channel: Annotated[str, said("phone, email, letter, visit or wechat.", "phone")]
    contacted_at: Annotated[datetime, said("When it happened.", "2026-04-02T02:00:00Z")]
    open_item_ids: Annotated[list[UUID], said("The items it was about.", [ID])]
    outcome: Annotated[str, said("What came of it.", "reached")]
    reason: Annotated[str | None, said("Why they did not pay.", "cash_short")]
    next_step: Annotated[str | None, said("What comes next.", "call_again")]
    next_step_on: Annotated[date | None, said("And when.", "2026-04-09")]
    note: Annotated[dict[str, Any] | None, said("Contact person and text.", NOTE, is_personal=True)]


OPEN_ITEMS_MAX: Final = 100  # items one contact is about
Channel = Literal["phone", "email", "letter", "visit", "wechat"]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A code such as no_answer or disputed; what was said belongs into `text`."""


class NewContact(RequestBody):
    account: AccountRef
    number: Number | None = None
    channel: Channel
    contacted_at: Instant | None = None
    open_item_ids: list[Id] = Field(default_factory=list, max_length=OPEN_ITEMS_MAX)
    outcome: Word
    reason: Word | None = None
    next_step: Word | None = None
    next_step_on: Day | None = None
    contact_person: ShortText | None = None
    text: LongText | None = None


@router.post(
    "",
    status_code=201,
    responses=answers(
        ContactView,
        201,
        refuses=(
            UnknownAccount,
            NumberAlreadyUsed,
            EffectiveDateOutOfRange,
            NextStepOutOfRange,
            UnknownOpenItem,
        ),
    ),
)
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
    return await context.run(handlers.record_contact(command, kept), of_state, 201)


@router.get("", responses=answers(Page[ContactView]))
async def list_contacts(
    query: QueryContext,
    paging: Paging,
    account_id: Annotated[list[Id] | None, Query()] = None,
    channel: Annotated[list[Channel] | None, Query()] = None,
    day: Annotated[list[Day] | None, Query()] = None,
    number: Annotated[list[Number] | None, Query()] = None,
) -> Response:
    asked = contacts.Asked(account_id=account_id, channel=channel, day=day, number=number)
    async with query.of("contacts") as connection:
        rows = await contacts.list_contacts(
            connection, query.tenant_id, asked, paging.after, paging.limit
        )
    return page(paging, rows, lambda row: (row["contacted_at"], row["id"]), of_row)


@router.get("/{id}", responses=answers(ContactView))
async def show_contact(id: Id, query: QueryContext) -> Response:
    async with query.of("contacts") as connection:
        row = found(await contacts.find_contact(connection, query.tenant_id, id))
    return shown(of_row(row), version=row["version"])


def of_row(row: Record) -> ContactView:
    return ContactView(
        id=row["id"],
        version=row["version"],
        account=account_of(row),
        number=row["number"],
        channel=row["channel"],
        contacted_at=row["contacted_at"],
        open_item_ids=msgspec.json.decode(row["open_item_ids"], type=list[UUID]),
        outcome=row["outcome"],
        reason=row["reason"],
        next_step=row["next_step"],
        next_step_on=row["next_step_on"],
        note=row["note"],
    )


def of_state(resource: Resource[State]) -> ContactView:
    """As the answer of the command that recorded it."""
    recorded = expect(resource.state, Contacted).recorded
    return ContactView(
        id=resource.id,
        version=resource.version,
        account=AccountRefView(
            id=recorded.account_id,
            legal_entity=resource.legal_entity,
            number=recorded.account_number,
        ),
        number=recorded.number,
        channel=recorded.channel,
        contacted_at=recorded.contacted_at,
        open_item_ids=list(recorded.open_item_ids),
        outcome=recorded.outcome,
        reason=recorded.reason,
        next_step=recorded.next_step,
        next_step_on=recorded.next_step_on,
        note=None,
    )
