"""Routes of accounts: who they are, from the party table, and what they owe now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query
from msgspec import structs
from starlette.responses import Response

from services.ledger.customers.api.account_view import AccountView, balance_of, of_row
from services.ledger.customers.projections import accounts
from services.ledger.reports.projections import open_items
from shared.kernel.money import Money
from shared.platform.http.models import Id, Number
from shared.platform.http.paging import LIMIT_MAX, Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, answers, found, page, shown
from shared.platform.projector.keyset import Record

router: Final = APIRouter(prefix="/accounts", tags=["accounts"])


@router.get("", responses=answers(Page[AccountView]))
async def list_accounts(
    query: QueryContext,
    paging: Paging,
    legal_entity: str | None = None,
    number: Annotated[list[Number] | None, Query(max_length=LIMIT_MAX)] = None,
    collector_id: Id | None = None,
) -> Response:
    asked = accounts.Asked(
        tenant_id=query.tenant_id,
        legal_entity=legal_entity,
        numbers=number or (),
        collector_id=collector_id,
    )
    async with query.of("accounts", "open_items") as connection:
        rows = await accounts.list_accounts(connection, asked, paging.after, paging.limit)
        owed = await open_items.balances(
            connection, query.tenant_id, [row["account_id"] for row in rows]
        )
    return page(
        paging,
        rows,
        lambda row: [row["legal_entity"], row["number"]],
        lambda row: with_balances(row, owed),
    )


@router.get("/{id}", responses=answers(AccountView))
async def show_account(id: Id, query: QueryContext) -> Response:
    async with query.of("accounts", "open_items") as connection:
        row = found(await accounts.find_account(connection, query.tenant_id, id))
        owed = await open_items.balances(connection, query.tenant_id, [id])
    return shown(with_balances(row, owed), version=row["version"])


def with_balances(row: Record, owed: Sequence[Record]) -> AccountView:
    """An account owes nothing in its own currency until something is open."""
    own = [each for each in owed if each["account_id"] == row["account_id"]]
    balances = [
        balance_of(Money(each["owed"], each["currency"]), Money(each["given"], each["currency"]))
        for each in own
    ]
    nothing = Money.zero(row["currency"])
    return structs.replace(of_row(row), balances=balances or [balance_of(nothing, nothing)])
