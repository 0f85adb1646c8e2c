"""What an account looks like: one customer, who that is, and what it owes."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, UnsetType, structs

from services.ledger.customers.domain.account.state import Opened, State
from shared.kernel.decider import Resource, expect
from shared.kernel.money import Money
from shared.platform.http.views import View, said
from shared.platform.projector.keyset import Record


class ContactPersonView(View, frozen=True, kw_only=True):
    """Whom to talk to."""

    name: Annotated[str, said("As given.", "王芳")]
    phone: Annotated[str | None, said("As given.", "+86 21 5555 0100")]
    email: Annotated[str | None, said("As given.", "wang.fang@example.com")]


class BalanceView(View, frozen=True, kw_only=True):
    """What is owed in one currency."""

    currency: Annotated[str, said("ISO 4217 code.", "CNY")]
    open_amount: Annotated[Money, said("What its invoices have open.")]
    unallocated_amount: Annotated[
        Money, said("What is paid but not allocated.", {"amount": "500.00", "currency": "CNY"})
    ]
    balance: Annotated[
        Money, said("The first less the second.", {"amount": "7500.00", "currency": "CNY"})
    ]


class AccountView(View, frozen=True, kw_only=True):
    """One customer in one legal entity, who that is, and what it owes now."""

    id: Annotated[UUID, said("Made from its number.", "0f0d3c5e-8a44-5a0b-8f0e-6e3b1c2d4a55")]
    version: Annotated[int, said("Its present version, as in the ETag.", 1)]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    number: Annotated[str, said("The caller's, unique in the legal entity.", "C-1001")]
    collector_id: Annotated[
        UUID | None, said("Who collects from it.", "00000000-0000-4000-8000-000000000005")
    ]
    time_zone: Annotated[str, said("Of its legal entity, an IANA name.", "Asia/Shanghai")]
    currency: Annotated[str, said("Of its legal entity, an ISO 4217 code.", "CNY")]
    opened_on: Annotated[date, said("Its legal entity's day when it was opened.", "2026-01-01")]
    name: Annotated[
        str | None, said("The customer's; null: erased.", "宁波启航机械", is_personal=True)
    ]
    contact_person: Annotated[
        ContactPersonView | None,
        said("Whom to talk to.", is_personal=True),
    ]
    email: Annotated[
        str | None, said("The customer's own.", "ap@customer.example", is_personal=True)
    ]
    phone: Annotated[str | None, said("The customer's own.", "+86 21 5555 0199", is_personal=True)]
    postal_address: Annotated[
        str | None, said("Lines of text.", "宁波市海曙区解放路1号\n315000", is_personal=True)
    ]
    language: Annotated[str | None, said("Of its notices.", "zh", is_personal=True)]
    sales_owner: Annotated[str | None, said("Who sells to it.", "李强", is_personal=True)]
    balances: Annotated[
        list[BalanceView] | UnsetType,
        said("By currency; its own is there even at zero. Not where its details were changed."),
    ] = UNSET


def opened(resource: Resource[State]) -> AccountView:
    """As the answer of the command that opened it: it owes nothing yet."""
    nothing = Money.zero(expect(resource.state, Opened).currency)
    return structs.replace(of_state(resource), balances=[balance_of(nothing, nothing)])


def of_state(resource: Resource[State]) -> AccountView:
    """As the answer of a command that changed it."""
    state = expect(resource.state, Opened)
    return AccountView(
        id=resource.id,
        version=resource.version,
        legal_entity=state.legal_entity,
        number=state.number,
        collector_id=state.collector_id,
        time_zone=state.time_zone,
        currency=state.currency,
        opened_on=state.opened_on,
        name=None,
        contact_person=None,
        email=None,
        phone=None,
        postal_address=None,
        language=None,
        sales_owner=None,
    )


def of_row(row: Record) -> AccountView:
    """As the answer of a question about it, but for what it owes."""
    party = row["details"] or {}
    person = ContactPersonView(
        name=party.get("contact_name") or "",
        phone=party.get("contact_phone"),
        email=party.get("contact_email"),
    )
    return AccountView(
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
    )


def balance_of(owed: Money, given: Money) -> BalanceView:
    """Of what invoices have open, and what is paid but not allocated."""
    return BalanceView(
        currency=owed.currency,
        open_amount=owed,
        unallocated_amount=given,
        balance=owed - given,
    )
