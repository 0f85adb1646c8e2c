"""Credit lines over HTTP: what an account may owe."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.credit.lines.api.exposures import find_exposure, list_exposed
from services.credit.lines.domain.credit_line import commands
from services.credit.lines.domain.credit_line.state import Limited, State
from services.credit.lines.handlers import credit_line
from services.credit.lines.projections.exposure_queries import Exposed, Wanted, find_account
from shared.kernel.decider import Resource, expect
from shared.kernel.money import Money
from shared.kernel.rejections import AmountNotPositive, CurrencyMismatch
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import Code, Id, MoneyOrZeroIn, Number, RequestBody
from shared.platform.http.paging import Paging
from shared.platform.http.problems import Problem
from shared.platform.http.queries import PointInTime, QueryContext
from shared.platform.http.views import Page, View, answers, page, said, shown

NOW = PointInTime(None, None)

router = APIRouter(prefix="/credit-lines", tags=["credit-lines"])

ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"


class CreditLineView(View, frozen=True, kw_only=True):
    """The limit of an account."""

    account_id: Annotated[UUID, said("Whose it is.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag; 0: never set.", 1)]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    account_number: Annotated[str, said("The account's number.", "C-1001")]
    limit: Annotated[
        Money | None,
        said(
            "In the account's currency; null: none is set.",
            {"amount": "50000.00", "currency": "CNY"},
        ),
    ]


class SetLimit(RequestBody):
    limit: MoneyOrZeroIn


@router.get("", summary="Accounts with a limit", responses=answers(Page[CreditLineView]))
async def list_credit_lines(
    query: QueryContext,
    paging: Paging,
    legal_entity: Annotated[list[Code] | None, Query()] = None,
    account_number: Annotated[list[Number] | None, Query()] = None,
) -> Response:
    wanted = Wanted(
        tenant_id=query.tenant_id,
        legal_entities=legal_entity or (),
        account_numbers=account_number or (),
        has_limit=True,
    )
    found = await list_exposed(query, NOW, paging, wanted)
    return page(paging, found, lambda each: (each.legal_entity, each.account_number), _shown)


@router.get(
    "/{account_id}",
    summary="The limit of an account, null where none is set",
    responses=answers(CreditLineView),
)
async def show_credit_line(account_id: Id, query: QueryContext) -> Response:
    line = await find_exposure(query, NOW, account_id)
    return shown(_shown(line), version=line.line_version)


@router.post(
    "/{account_id}:set-limit",
    summary="Set the limit of an account",
    responses=answers(CreditLineView, refuses=(AmountNotPositive, CurrencyMismatch)),
)
async def set_limit(
    account_id: Id, body: SetLimit, context: CommandContext, query: QueryContext
) -> Response:
    """The account is known from the ledger's events; with the ledger's token, at once."""
    async with query.of("exposure") as connection:
        account = await find_account(connection, context.tenant_id, account_id)
    if account is None:
        raise Problem("not-found")
    command = commands.SetLimit(
        book=context.book(account.legal_entity),
        account_id=account_id,
        account_number=account.account_number,
        account_currency=account.currency,
        limit=body.limit.money(),
        effective_on=context.today(account.time_zone),
        time_zone=account.time_zone,
    )
    return await context.run(credit_line.set_limit(command), of_state)


def _shown(each: Exposed) -> CreditLineView:
    return CreditLineView(
        account_id=each.account_id,
        version=each.line_version,
        legal_entity=each.legal_entity,
        account_number=each.account_number,
        limit=each.limit,
    )


def of_state(resource: Resource[State]) -> CreditLineView:
    """As the answer of a command that changed it."""
    state = expect(resource.state, Limited)
    return CreditLineView(
        account_id=state.account_id,
        version=resource.version,
        legal_entity=resource.legal_entity,
        account_number=state.account_number,
        limit=state.limit,
    )
