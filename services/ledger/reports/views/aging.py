"""What an aging report looks like."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, UnsetType

from shared.kernel.money import Money
from shared.platform.http.views import View, said

MONEY = {"amount": "8000.00", "currency": "CNY"}


class BucketView(View, frozen=True, kw_only=True):
    """Open items of one age."""

    bucket: Annotated[str, said("credit, no_due_date, not_due, or days past due.", "1-30")]
    items: Annotated[int, said("How many.", 3)]
    open_amount: Annotated[Money, said("Their sum.", MONEY)]


class TotalView(View, frozen=True, kw_only=True):
    """The sum of all buckets."""

    items: Annotated[int, said("How many.", 3)]
    open_amount: Annotated[Money, said("Their sum.", MONEY)]


class CurrencyAgingView(View, frozen=True, kw_only=True):
    """What is open in one currency, by age."""

    currency: Annotated[str, said("ISO 4217 code.", "CNY")]
    buckets: Annotated[list[BucketView], said("Every one, also empty ones.", [])]
    total: Annotated[
        TotalView, said("What stands in the buckets.", {"items": 3, "open_amount": MONEY})
    ]


class AccountAgingView(CurrencyAgingView, frozen=True, kw_only=True):
    """What one account has open in one currency, by age."""

    account_id: Annotated[UUID, said("Whose it is.", "0f0d3c5e-8a44-5a0b-8f0e-6e3b1c2d4a55")]
    account_number: Annotated[str, said("The account's number.", "C-1001")]


class AgingView(View, frozen=True, kw_only=True):
    """How old what is open is: exhaustive buckets that always sum to the open items."""

    as_of: Annotated[date, said("The day asked about.", "2026-03-14")]
    as_known: Annotated[datetime, said("What was learned later is left out.", "2026-03-14T00:00Z")]
    edges: Annotated[list[int], said("Last day past due of each bucket.", [30, 60, 90])]
    currencies: Annotated[list[CurrencyAgingView], said("The totals of all accounts.", [])]
    group_by: Annotated[Literal["account"] | UnsetType, said("As asked.", "account")] = UNSET
    items: Annotated[
        list[AccountAgingView] | UnsetType, said("Where grouped: a page of accounts.", [])
    ] = UNSET
    next: Annotated[
        str | UnsetType | None, said("Where grouped: the cursor of the page after it.", None)
    ] = UNSET
