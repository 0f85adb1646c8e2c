"""What an account looks like to those who ask: with who stands behind it, and what it owes."""

from __future__ import annotations

from typing import Annotated

from services.ledger.customers.views.account import AccountView
from shared.kernel.money import Money
from shared.platform.http.views import View, said


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
    language: Annotated[str | None, said("Of its notices.", "zh")]
    sales_owner: Annotated[str | None, said("Who sells to it.", "李强")]
    balances: Annotated[list[BalanceView], said("By currency; its own is there even at zero.", [])]
