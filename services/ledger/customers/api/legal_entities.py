"""Routes of legal entities: whose receivables these are, and when their days begin."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from services.ledger.customers.domain.legal_entity import commands
from services.ledger.customers.handlers import legal_entity
from services.ledger.customers.projections import accounts
from services.ledger.customers.views.legal_entity import LegalEntityView
from shared.kernel.rejections import NumberAlreadyUsed
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import Code, Currency, RequestBody, ShortText, TimeZone
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, answers, found, page, shown

router: Final = APIRouter(prefix="/legal-entities", tags=["legal entities"])


class RegisterLegalEntity(RequestBody):
    code: Code
    name: ShortText
    time_zone: TimeZone
    currency: Currency


@router.post(
    "", status_code=201, responses=answers(LegalEntityView, 201, refuses=(NumberAlreadyUsed,))
)
async def register_legal_entity(body: RegisterLegalEntity, context: CommandContext) -> Response:
    command = commands.RegisterLegalEntity(
        book=context.book(body.code),
        name=body.name,
        time_zone=body.time_zone,
        currency=body.currency,
        now=context.now,
    )
    return await context.run(legal_entity.register(command), 201)


@router.get("", responses=answers(Page[LegalEntityView]))
async def list_legal_entities(query: QueryContext, paging: Paging) -> Response:
    async with query.of("accounts") as connection:
        listed = await accounts.list_legal_entities(
            connection, query.tenant_id, paging.after, paging.limit
        )
    rows = [accounts.LegalEntityRow(**row) for row in listed]
    return page(paging, rows, lambda row: [row.code], of_row)


@router.get("/{code}", responses=answers(LegalEntityView))
async def show_legal_entity(code: str, query: QueryContext) -> Response:
    async with query.of("accounts") as connection:
        row = found(await accounts.find_legal_entity(connection, query.tenant_id, code))
    return shown(of_row(row), version=row.version)


def of_row(row: accounts.LegalEntityRow) -> LegalEntityView:
    return LegalEntityView(
        id=row.legal_entity_id,
        version=row.version,
        code=row.code,
        name=row.name,
        time_zone=row.time_zone,
        currency=row.currency,
        registered_on=row.registered_on,
    )
