"""Routes of accounts: who they are, from the party table, and what they owe now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.ledger.customers.api.account_view import AccountView, ContactPersonView, balance_of
from services.ledger.customers.projections import accounts
from services.ledger.reports.projections import open_items
from shared.platform.http.models import Id
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
    number: Annotated[list[str] | None, Query(max_length=LIMIT_MAX)] = None,
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
        lambda row: of_row(row, owed),
    )


@router.get("/{id}", responses=answers(AccountView))
async def show_account(id: Id, query: QueryContext) -> Response:
    async with query.of("accounts", "open_items") as connection:
        row = found(await accounts.find_account(connection, query.tenant_id, id))
        owed = await open_items.balances(connection, query.tenant_id, [id])
    return shown(of_row(row, owed), version=row["version"])


def of_row(row: Record, owed: Sequence[Record]) -> AccountView:
    """An account owes nothing in its own currency until something is open."""
    party = row["details"] or {}
    person = ContactPersonView(
        name=party.get("contact_name", ""),
        phone=party.get("contact_phone"),
        email=party.get("contact_email"),
    )
    own = [each for each in owed if each["account_id"] == row["account_id"]]
    balances = [balance_of(each["currency"], each["owed"], each["given"]) for each in own]
    return AccountView(
        id=row["account_id"],
        version=row["version"],
        legal_entity=row["legal_entity"],
        number=row["number"],
        name=party.get("name"),
        contact_person=person if person.name else None,
        language=party.get("language"),
        sales_owner=party.get("sales_owner"),
        collector_id=row["collector_id"],
        time_zone=row["time_zone"],
        currency=row["currency"],
        opened_on=row["opened_on"],
        balances=balances or [balance_of(row["currency"], 0, 0)],
    )
