"""Routes of accounts: who they are, from the party table, and what they owe now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.ledger.customers.api.account_view import AccountView
from services.ledger.customers.projections import accounts
from services.ledger.reports.projections import open_items
from shared.kernel.money import Money
from shared.platform.http.models import Id
from shared.platform.http.paging import LIMIT_MAX, Paging
from shared.platform.http.queries import QueryContext
from shared.platform.http.views import Page, View, answers, found, page, said, shown
from shared.platform.projector.keyset import Record

router: Final = APIRouter(prefix="/accounts", tags=["accounts"])


class ContactPersonView(View, frozen=True, kw_only=True):
    """Whom to talk to."""

    name: Annotated[str, said("As given.", "王芳")]
    phone: Annotated[str | None, said("As given.", "+86 21 5555 0100")]
    email: Annotated[str | None, said("As given.", "wang.fang@example.com")]


class BalanceView(View, frozen=True, kw_only=True):
    """What is owed in one currency."""

    currency: Annotated[str, said("ISO 4217 code.", "CNY")]
    open_amount: Annotated[
        Money, said("What its invoices have open.", {"amount": "8000.00", "currency": "CNY"})
    ]
    unallocated_amount: Annotated[
        Money, said("What is paid but not allocated.", {"amount": "500.00", "currency": "CNY"})
    ]
    balance: Annotated[
        Money, said("The first less the second.", {"amount": "7500.00", "currency": "CNY"})
    ]


class AccountWithBalancesView(AccountView, frozen=True, kw_only=True):
    """One customer in one legal entity, who that is, and what it owes now."""

    name: Annotated[str | None, said("The customer's; null: erased.", "宁波启航机械")]
    contact_person: Annotated[
        ContactPersonView | None,
        said("Whom to talk to.", {"name": "王芳", "phone": None, "email": None}),
    ]
    email: Annotated[str | None, said("The customer's own.", "ap@customer.example")]
    phone: Annotated[str | None, said("The customer's own.", "+86 21 5555 0199")]
    postal_address: Annotated[str | None, said("Lines of text.", "宁波市海曙区解放路1号\n315000")]
    language: Annotated[str | None, said("Of its notices.", "zh")]
    sales_owner: Annotated[str | None, said("Who sells to it.", "李强")]
    balances: Annotated[list[BalanceView], said("By currency; its own is there even at zero.", [])]


@router.get("", responses=answers(Page[AccountWithBalancesView]))
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


@router.get("/{id}", responses=answers(AccountWithBalancesView))
async def show_account(id: Id, query: QueryContext) -> Response:
    async with query.of("accounts", "open_items") as connection:
        row = found(await accounts.find_account(connection, query.tenant_id, id))
        owed = await open_items.balances(connection, query.tenant_id, [id])
    return shown(of_row(row, owed), version=row["version"])


def of_row(row: Record, owed: Sequence[Record]) -> AccountWithBalancesView:
    """An account owes nothing in its own currency until something is open."""
    party = row["details"] or {}
    person = ContactPersonView(
        name=party.get("contact_name") or "",
        phone=party.get("contact_phone"),
        email=party.get("contact_email"),
    )
    own = [each for each in owed if each["account_id"] == row["account_id"]]
    balances = [_balance(each["currency"], each["owed"], each["given"]) for each in own]
    return AccountWithBalancesView(
        id=row["account_id"],
        version=row["version"],
        legal_entity=row["legal_entity"],
        number=row["number"],
        name=party.get("name"),
        contact_person=person if person.name else None,
        email=party.get("email"),
        phone=party.get("phone"),
        postal_address=party.get("postal_address"),
        language=party.get("language"),
        sales_owner=party.get("sales_owner"),
        collector_id=row["collector_id"],
        time_zone=row["time_zone"],
        currency=row["currency"],
        opened_on=row["opened_on"],
        balances=balances or [_balance(row["currency"], 0, 0)],
    )


def _balance(currency: str, owed: int, given: int) -> BalanceView:
    return BalanceView(
        currency=currency,
        open_amount=Money(owed, currency),
        unallocated_amount=Money(given, currency),
        balance=Money(owed - given, currency),
    )
