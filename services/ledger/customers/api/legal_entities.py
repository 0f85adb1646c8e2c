"""Routes of legal entities: whose receivables these are, and when their days begin."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from sqlalchemy import RowMapping
from starlette.responses import Response

from services.ledger.customers.domain.legal_entity import commands
from services.ledger.customers.handlers import legal_entity
from services.ledger.customers.projections import accounts
from shared.platform.http.bodies import answer
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import Code, Currency, RequestBody, ShortText, TimeZone
from shared.platform.http.paging import Paging
from shared.platform.http.problems import Problem
from shared.platform.http.queries import QueryContext

router: Final = APIRouter(prefix="/legal-entities", tags=["legal entities"])


class RegisterLegalEntity(RequestBody):
    code: Code
    name: ShortText
    time_zone: TimeZone
    currency: Currency


@router.post("", status_code=201)
async def register_legal_entity(body: RegisterLegalEntity, context: CommandContext) -> Response:
    command = commands.RegisterLegalEntity(
        book=context.book(body.code),
        name=body.name,
        time_zone=body.time_zone,
        currency=body.currency,
        now=context.now,
    )
    return await context.run(legal_entity.register(command), 201)


@router.get("")
async def list_legal_entities(query: QueryContext, paging: Paging) -> Response:
    async with query.of("accounts") as connection:
        found = await accounts.list_legal_entities(
            connection,
            query.tenant_id,
            after=paging.after[0] if paging.after else None,
            rows=paging.limit + 1,
        )
    page = paging.page(found, lambda row: (row["code"],))
    return answer({**page, "items": [_shown(row) for row in found[: paging.limit]]})


@router.get("/{code}")
async def show_legal_entity(code: str, query: QueryContext) -> Response:
    async with query.of("accounts") as connection:
        found = await accounts.find_legal_entity(connection, query.tenant_id, code)
    if found is None:
        raise Problem("not-found")
    return answer(_shown(found), version=found["version"])


def _shown(row: RowMapping) -> dict[str, object]:
    return {
        "id": row["legal_entity_id"],
        "version": row["version"],
        "code": row["code"],
        "name": row["name"],
        "time_zone": row["time_zone"],
        "currency": row["currency"],
        "registered_on": row["registered_on"],
    }
