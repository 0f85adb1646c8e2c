"""Routes of legal entities: whose receivables these are, and when their days begin."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from services.ledger.customers.api.addresses import Address
from services.ledger.customers.domain.legal_entity import commands
from services.ledger.customers.domain.legal_entity.decide import TakeOverDateReached
from services.ledger.customers.domain.legal_entity.decide import (
    legal_entity as legal_entities,
)
from services.ledger.customers.domain.legal_entity.state import Registered, State
from services.ledger.customers.handlers import legal_entity
from services.ledger.customers.projections import accounts
from shared.kernel.decider import Resource, expect
from shared.kernel.money import Money
from shared.kernel.rejections import CurrencyMismatch, EffectiveDateOutOfRange, NumberAlreadyUsed
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import (
    Code,
    Currency,
    Day,
    MoneyOrZeroIn,
    RequestBody,
    ShortText,
    TimeZone,
)
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
    take_over_on: Annotated[
        date | None, said("What happened before is history; null: all of it counts.", "2026-02-01")
    ]
    notice_minimum: Annotated[
        Money,
        said(
            "Nobody is reminded of so little or of less.",
            {"amount": "1.00", "currency": "CNY"},
        ),
    ]
    address: Annotated[str | None, said("Lines of text.", "上海市静安区南京西路1号\n200041")]


class RegisterLegalEntity(RequestBody):
    code: Code
    name: ShortText
    time_zone: TimeZone
    currency: Currency
    take_over_on: Day | None = None
    notice_minimum: MoneyOrZeroIn | None = None
    address: Address | None = None


class ChangeTakeOverDate(RequestBody):
    take_over_on: Day


@router.post(
    "",
    status_code=201,
    responses=answers(LegalEntityView, 201, refuses=(NumberAlreadyUsed, CurrencyMismatch)),
)
async def register_legal_entity(body: RegisterLegalEntity, context: CommandContext) -> Response:
    command = commands.RegisterLegalEntity(
        book=context.book(body.code),
        name=body.name,
        time_zone=body.time_zone,
        currency=body.currency,
        take_over_on=body.take_over_on,
        notice_minimum=body.notice_minimum.money() if body.notice_minimum else None,
        address=body.address,
        now=context.now,
    )
    return await context.run(legal_entity.register(command), of_state, 201)


@router.post(
    "/{code}:change-take-over-date",
    responses=answers(LegalEntityView, refuses=(TakeOverDateReached, EffectiveDateOutOfRange)),
)
async def change_take_over_date(
    code: str, body: ChangeTakeOverDate, context: CommandContext
) -> Response:
    id = legal_entities.stream(context.book(code), code).id
    await context.find(id, "legal_entity")
    command = commands.ChangeTakeOverDate(
        legal_entity_id=id, take_over_on=body.take_over_on, now=context.now
    )
    return await context.run(legal_entity.change_take_over_date(command), of_state)


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
        take_over_on=row.take_over_on,
        notice_minimum=Money(row.notice_minimum_minor, row.currency),
        address=row.address,
    )


def of_state(resource: Resource[State]) -> LegalEntityView:
    """As the answer of a command that changed it."""
    state = expect(resource.state, Registered)
    return LegalEntityView(
        id=resource.id,
        version=resource.version,
        code=state.code,
        name=state.name,
        time_zone=state.time_zone,
        currency=state.currency,
        registered_on=state.registered_on,
        take_over_on=state.take_over_on,
        notice_minimum=state.notice_minimum,
        address=state.address,
    )
