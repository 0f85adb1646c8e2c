"""Routes of promises to pay. A promise is kept by cash that comes in time, never by a request."""

from __future__ import annotations

from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query
from starlette.responses import Response

from services.dunning.accounts.projections.account_facts import known_account
from services.dunning.accounts.views.account import account_of
from services.dunning.work.domain.promise.commands import MakePromise
from services.dunning.work.handlers import promise as handlers
from services.dunning.work.projections.collection_ledger import NOTE
from services.dunning.work.projections.promises import PromiseRow
from shared.kernel.ids import derived
from shared.platform.http.bodies import answer, found, money_of, page
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import (
    AccountRef,
    Day,
    Id,
    LongText,
    MoneyIn,
    RequestBody,
    ShortText,
)
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.projector.keyset import Record, one_of, rows_after
from shared.platform.projector.rows import table_of

router = APIRouter(prefix="/promises", tags=["promises"])

KEY = ("promised_on", "id")
TABLE = table_of(PromiseRow)


class NewPromise(RequestBody):
    account: AccountRef
    number: ShortText | None = None
    amount: MoneyIn
    promised_on: Day
    made_on: Day | None = None
    contact_person: ShortText | None = None
    text: LongText | None = None


@router.post("", status_code=201)
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
    return await context.run(handlers.make_promise(command, kept), 201)


@router.get("")
async def list_promises(
    query: QueryContext,
    paging: Paging,
    status: Annotated[list[Literal["open", "kept"]] | None, Query()] = None,
    account_id: Annotated[list[Id] | None, Query()] = None,
    promised_on: Annotated[list[Day] | None, Query()] = None,
    number: Annotated[list[ShortText] | None, Query()] = None,
) -> Response:
    wanted = one_of(
        TABLE.c,
        {
            "status": status,
            "account_id": account_id,
            "promised_on": promised_on,
            "number": number,
        },
    )
    async with query.of("promises") as connection:
        rows = await rows_after(
            connection,
            _with_note().where(TABLE.c.tenant_id == query.tenant_id, *wanted),
            [TABLE.c[name] for name in KEY],
            paging.after,
            paging.limit,
        )
    return page(paging, rows, KEY, [_promise(row) for row in rows])


@router.get("/{id}")
async def show_promise(id: Id, query: QueryContext) -> Response:
    async with query.of("promises") as connection:
        result = await connection.execute(
            _with_note().where(TABLE.c.tenant_id == query.tenant_id, TABLE.c.id == id)
        )
        row = found(result.mappings().one_or_none())
    return answer(_promise(row), row["version"])


def _with_note() -> sa.Select[tuple[object, ...]]:
    said = sa.and_(NOTE.c.tenant_id == TABLE.c.tenant_id, NOTE.c.id == TABLE.c.note_id)
    return sa.select(TABLE, NOTE.c.details.label("note")).join_from(TABLE, NOTE, said, isouter=True)


def _promise(row: Record) -> dict[str, object]:
    received = None if row["received_minor"] is None else money_of(row, "received_minor")
    return {
        "id": row["id"],
        "version": row["version"],
        "account": account_of(row),
        "number": row["number"],
        "status": row["status"],
        "amount": money_of(row, "amount_minor"),
        "promised_on": row["promised_on"],
        "made_on": row["made_on"],
        "received": received,
        "kept_on": row["kept_on"],
        "note": row["note"],
    }
