"""Credit lines over HTTP: what an account may owe."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.credit.lines.api.exposures import find_exposure, list_exposed
from services.credit.lines.domain.credit_line import commands
from services.credit.lines.handlers import credit_line
from services.credit.lines.projections.exposure_queries import Exposed, Wanted, find_account
from services.credit.lines.views.line import CreditLineView
from shared.kernel.rejections import AmountNotPositive, CurrencyMismatch
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import Code, Id, MoneyOrZeroIn, RequestBody, ShortText
from shared.platform.http.paging import Paging
from shared.platform.http.problems import Problem
from shared.platform.http.queries import PointInTime, QueryContext
from shared.platform.http.views import Page, answers, page, shown

NOW = PointInTime(None, None)

router = APIRouter(prefix="/credit-lines", tags=["credit-lines"])


class SetLimit(RequestBody):
    limit: MoneyOrZeroIn


@router.get("", summary="Accounts with a limit", responses=answers(Page[CreditLineView]))
async def list_credit_lines(
    query: QueryContext,
    paging: Paging,
    legal_entity: Annotated[list[Code] | None, Query()] = None,
    account_number: Annotated[list[ShortText] | None, Query()] = None,
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
    return await context.run(credit_line.set_limit(command))


def _shown(each: Exposed) -> CreditLineView:
    return CreditLineView(
        account_id=each.account_id,
        version=each.line_version,
        legal_entity=each.legal_entity,
        account_number=each.account_number,
        limit=each.limit,
    )
