"""Routes of promises to pay. A promise is kept by cash that comes in time, never by a request.

Without it a promise is broken as soon as its day has passed.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.api.account_view import AccountRefView, account_of
from services.dunning.accounts.projections.account_facts import known_account
from services.dunning.work.domain.promise.commands import MakePromise
from services.dunning.work.domain.promise.decide import PromisedDateIsPast, PromisedDateTooFar
from services.dunning.work.domain.promise.state import Open, State
from services.dunning.work.handlers import promise as handlers
from services.dunning.work.projections import promises
from shared.kernel.decider import Resource, expect
from shared.kernel.ids import derived
from shared.kernel.money import Money
from shared.kernel.rejections import (
    AmountNotPositive,
    CurrencyMismatch,
    EffectiveDateOutOfRange,
    NumberAlreadyUsed,
    UnknownAccount,
)
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import (
    AccountRef,
    Day,
    Id,
    LongText,
    MoneyIn,
    Number,
    RequestBody,
    ShortText,
)
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, View, answers, found, page, said, shown
from shared.platform.projector.keyset import Record

router = APIRouter(prefix="/promises", tags=["promises"])

ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"
NOTE: Final = {"contact_person": "王芳", "text": "pays on Friday"}


Status = Literal["open", "kept", "broken"]


class PromiseView(View, frozen=True, kw_only=True):
    """A promise to pay, with the cash that counted for it."""

    id: Annotated[UUID, said("Made from its number.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 1)]
    account: Annotated[AccountRefView, said("Who promised.")]
    number: Annotated[str, said("The caller's, or made from the key.", "promise-7")]
    status: Annotated[Status, said("Kept once the cash came in time; broken without it.", "open")]
    amount: Annotated[Money, said("What was promised.")]
    promised_on: Annotated[date, said("By when.", "2026-04-09")]
    made_on: Annotated[date, said("When it was said.", "2026-04-02")]
    received: Annotated[Money | None, said("In time, when it was kept or broken; null: open.")]
    kept_on: Annotated[date | None, said("When it was found kept.", "2026-04-08")]
    broken_on: Annotated[date | None, said("When it was found broken.", "2026-04-10")]
    note: Annotated[dict[str, Any] | None, said("Contact person and text.", NOTE, is_personal=True)]


class NewPromise(RequestBody):
    account: AccountRef
    number: Number | None = None
    amount: MoneyIn
    promised_on: Day
    made_on: Day | None = None
    contact_person: ShortText | None = None
    text: LongText | None = None


@router.post(
    "",
    status_code=201,
    responses=answers(
        PromiseView,
        201,
        refuses=(
            UnknownAccount,
            NumberAlreadyUsed,
            CurrencyMismatch,
            AmountNotPositive,
            EffectiveDateOutOfRange,
            PromisedDateIsPast,
            PromisedDateTooFar,
        ),
    ),
)
async def make_promise(body: NewPromise, context: CommandContext, query: QueryContext) -> Response:
    async with query.of("account_facts") as connection:
        account = await known_account(
            connection, context.tenant_id, body.account.resolve(context.tenant_id)
        )
    today = context.today(account.time_zone)
    note = {"contact_person": body.contact_person, "text": body.text}
    kept = {name: said for name, said in note.items() if said is not None}
    command = MakePromise(
        book=context.book(account.legal_entity),
        number=body.number or str(derived(account.account_id, "promise", context.key or "")),
        account_id=account.account_id,
        account_number=account.number,
        account_currency=account.currency,
        amount=body.amount.money(),
        promised_on=body.promised_on,
        made_on=body.made_on or today,
        today=today,
        time_zone=account.time_zone,
        has_note=bool(kept),
    )
    return await context.run(handlers.make_promise(command, kept), of_state, 201)


@router.get("", responses=answers(Page[PromiseView]))
async def list_promises(
    query: QueryContext,
    paging: Paging,
    status: Annotated[list[Status] | None, Query()] = None,
    account_id: Annotated[list[Id] | None, Query()] = None,
    promised_on: Annotated[list[Day] | None, Query()] = None,
    number: Annotated[list[Number] | None, Query()] = None,
) -> Response:
    asked = promises.Asked(
        status=status, account_id=account_id, promised_on=promised_on, number=number
    )
    async with query.of("promises") as connection:
        rows = await promises.list_promises(
            connection, query.tenant_id, asked, paging.after, paging.limit
        )
    return page(paging, rows, lambda row: (row["promised_on"], row["id"]), of_row)


@router.get("/{id}", responses=answers(PromiseView))
async def show_promise(id: Id, query: QueryContext) -> Response:
    async with query.of("promises") as connection:
        row = found(await promises.find_promise(connection, query.tenant_id, id))
    return shown(of_row(row), version=row["version"])


def of_row(row: Record) -> PromiseView:
    received = row["received_minor"]
    return PromiseView(
        id=row["id"],
        version=row["version"],
        account=account_of(row),
        number=row["number"],
        status=row["status"],
        amount=Money(row["amount_minor"], row["currency"]),
        promised_on=row["promised_on"],
        made_on=row["made_on"],
        received=None if received is None else Money(received, row["currency"]),
        kept_on=row["kept_on"],
        broken_on=row["broken_on"],
        note=row["note"],
    )


def of_state(resource: Resource[State]) -> PromiseView:
    """As the answer of the command that made it."""
    made = expect(resource.state, Open).made
    return PromiseView(
        id=resource.id,
        version=resource.version,
        account=AccountRefView(
            id=made.account_id, legal_entity=resource.legal_entity, number=made.account_number
        ),
        number=made.number,
        status="open",
        amount=made.amount,
        promised_on=made.promised_on,
        made_on=made.made_on,
        received=None,
        kept_on=None,
        broken_on=None,
        note=None,
    )
