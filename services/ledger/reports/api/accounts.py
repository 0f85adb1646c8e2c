"""Routes of accounts. Names and contact persons go into the party table and come from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import RowMapping
from starlette.responses import Response

from services.ledger.customers.api.answering import answer, money
from services.ledger.customers.domain.account import commands
from services.ledger.customers.handlers import account
from services.ledger.customers.projections import accounts
from services.ledger.reports.projections import open_items
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import SHORT_TEXT_MAX, Code, Id, RequestBody, ShortText
from shared.platform.http.paging import LIMIT_MAX, Paging
from shared.platform.http.problems import Problem
from shared.platform.http.queries import QueryContext

router: Final = APIRouter(prefix="/accounts", tags=["accounts"])

Email = Annotated[str, Field(max_length=SHORT_TEXT_MAX, pattern=r"^[^@\s]+@[^@\s]+$")]


class ContactPerson(RequestBody):
    name: ShortText
    phone: ShortText | None = None
    email: Email | None = None


class OpenAccount(RequestBody):
    legal_entity: Code
    number: ShortText
    name: ShortText
    contact_person: ContactPerson | None = None
    language: Literal["zh", "en"] = "zh"
    sales_owner: ShortText | None = None
    collector_id: Id | None = None

    def party(self) -> dict[str, str]:
        person = self.contact_person
        details = {
            "name": self.name,
            "contact_name": person.name if person else None,
            "contact_phone": person.phone if person else None,
            "contact_email": person.email if person else None,
            "language": self.language,
            "sales_owner": self.sales_owner,
        }
        return {name: value for name, value in details.items() if value is not None}


@router.post("", status_code=201)
async def open_account(body: OpenAccount, context: CommandContext) -> Response:
    command = commands.OpenAccount(
        book=context.book(body.legal_entity),
        number=body.number,
        collector_id=body.collector_id,
        now=context.now,
    )
    return await context.run(account.open_account(command, body.party()), 201)


@router.get("")
async def list_accounts(
    query: QueryContext,
    paging: Paging,
    legal_entity: str | None = None,
    number: Annotated[list[str] | None, Query(max_length=LIMIT_MAX)] = None,
    collector_id: Id | None = None,
) -> Response:
    async with query.of("accounts", "open_items") as connection:
        found = await accounts.list_accounts(
            connection,
            query.tenant_id,
            legal_entity=legal_entity,
            numbers=number or (),
            collector_id=collector_id,
            after=paging.after,
            rows=paging.limit + 1,
        )
        shown = found[: paging.limit]
        owed = await open_items.balances(
            connection, query.tenant_id, [row["account_id"] for row in shown]
        )
    page = paging.page(found, lambda row: (row["legal_entity"], row["number"]))
    return answer({**page, "items": [_shown(row, owed) for row in shown]})


@router.get("/{id}")
async def show_account(id: Id, query: QueryContext) -> Response:
    async with query.of("accounts", "open_items") as connection:
        found = await accounts.find_account(connection, query.tenant_id, id)
        owed = await open_items.balances(connection, query.tenant_id, [id])
    if found is None:
        raise Problem("not-found")
    return answer(_shown(found, owed), version=found["version"])


def _shown(row: RowMapping, owed: Sequence[RowMapping]) -> dict[str, object]:
    """An account owes nothing in its own currency until something is open."""
    party = row["details"] or {}
    person = {key: party.get(f"contact_{key}") for key in ("name", "phone", "email")}
    own = [each for each in owed if each["account_id"] == row["account_id"]]
    balances = [_balance(each["currency"], each["owed"], each["given"]) for each in own]
    return {
        "id": row["account_id"],
        "version": row["version"],
        "legal_entity": row["legal_entity"],
        "number": row["number"],
        "name": party.get("name"),
        "contact_person": person if person["name"] else None,
        "language": party.get("language"),
        "sales_owner": party.get("sales_owner"),
        "collector_id": row["collector_id"],
        "time_zone": row["time_zone"],
        "currency": row["currency"],
        "opened_on": row["opened_on"],
        "balances": balances or [_balance(row["currency"], 0, 0)],
    }


def _balance(currency: str, owed: int, given: int) -> dict[str, object]:
    return {
        "currency": currency,
        "open_amount": money(owed, currency),
        "unallocated_amount": money(given, currency),
        "balance": money(owed - given, currency),
    }
