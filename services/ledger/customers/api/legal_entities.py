"""Routes of legal entities: whose receivables these are, and when their days begin."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from services.ledger.customers.domain.legal_entity import commands
from services.ledger.customers.domain.legal_entity.state import Registered, State
from services.ledger.customers.handlers import legal_entity
from services.ledger.customers.projections import accounts
from shared.kernel.days import day_at
from shared.kernel.decider import Resource, expect
from shared.kernel.rejections import NumberAlreadyUsed
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import Code, Currency, RequestBody, ShortText, TimeZone
from shared.platform.http.paging import Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, View, answers, found, page, said, shown

router: Final = APIRouter(prefix="/legal-entities", tags=["legal entities"])


class LegalEntityView(View, frozen=True, kw_only=True):
    """A company whose receivables these are."""

    id: Annotated[UUID, said("Made from its code.", "5d2a6f6e-3c1b-5f0e-9a56-0d6c3f1f7b11")]
    version: Annotated[int, said("Its present version, as in the ETag.", 1)]
    code: Annotated[str, said("The caller's name for it, unique in the tenant.", "CN01")]
    name: Annotated[str, said("As people call it.", "华东贸易")]
    time_zone: Annotated[str, said("IANA name; says when its days begin.", "Asia/Shanghai")]
    currency: Annotated[str, said("ISO 4217 code of the currency it keeps its books in.", "CNY")]
    registered_on: Annotated[date, said("Its own day on which it was registered.", "2026-01-31")]


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
    return await context.run(
        legal_entity.register(command), lambda found: of_state(found, context.now), 201
    )


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


def of_state(resource: Resource[State], now: datetime) -> LegalEntityView:
    """As the answer of the command that registered it."""
    state = expect(resource.state, Registered)
    return LegalEntityView(
        id=resource.id,
        version=resource.version,
        code=state.code,
        name=state.name,
        time_zone=state.time_zone,
        currency=state.currency,
        registered_on=day_at(now, state.time_zone),
    )
