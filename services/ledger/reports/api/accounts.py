"""Routes of accounts with what they owe. Names come from the party table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query
from sqlalchemy import RowMapping
from starlette.responses import Response

from services.ledger.customers.projections import accounts
from services.ledger.reports.projections import open_items
from shared.kernel.money import Money
from shared.platform.http.bodies import answer
from shared.platform.http.models import Id
from shared.platform.http.paging import LIMIT_MAX, Paging
from shared.platform.http.problems import Problem
from shared.platform.http.queries import QueryContext

router: Final = APIRouter(prefix="/accounts", tags=["accounts"])


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
        "open_amount": Money(owed, currency),
        "unallocated_amount": Money(given, currency),
        "balance": Money(owed - given, currency),
    }
