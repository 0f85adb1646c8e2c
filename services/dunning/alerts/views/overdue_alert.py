"""How an entry of the alert feed looks. No command answers with one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from services.dunning.accounts.views.account import AccountRefView
from shared.kernel.money import Money
from shared.platform.http.views import View, said

What = Literal["raised", "recovered"]


class OverdueAlertView(View, frozen=True, kw_only=True):
    """One threshold crossed by one open item, or the recovery from it."""

    id: Annotated[
        UUID, said("The id of the event behind this entry.", "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11")
    ]
    event: Annotated[What, said("Whether the alert was raised or has recovered.", "raised")]
    alert_id: Annotated[
        UUID,
        said(
            "The alert; a recovery names the alert it ends.", "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"
        ),
    ]
    account: Annotated[
        AccountRefView,
        said(
            "The account that owes.",
            {
                "id": "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11",
                "legal_entity": "CN01",
                "number": "C-1001",
            },
        ),
    ]
    open_item_id: Annotated[
        UUID, said("The open item's id in ledger.", "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11")
    ]
    invoice_number: Annotated[str, said("The number of its invoice.", "INV-2013-0001")]
    installment: Annotated[int, said("Which installment of the invoice it is, from 1.", 1)]
    due_on: Annotated[date, said("The day it was due on.", "2013-01-30")]
    effective_on: Annotated[date, said("The business day it happened on.", "2013-01-31")]
    recorded_at: Annotated[datetime, said("When it was recorded.", "2013-01-30T16:00:00Z")]
    threshold_days: Annotated[int, said("The days past due that were reached.", 1)]
    grade: Annotated[str, said("The account's grade the night before.", "一般")]
    collector_id: Annotated[
        UUID | None,
        said(
            "Who collects from the account; null: nobody is named.",
            "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11",
        ),
    ]
    open_amount: Annotated[
        Money,
        said("What is open of the item afterwards.", {"amount": "8000.00", "currency": "CNY"}),
    ]
    policy_version: Annotated[str, said("The plan that was followed.", "default@1")]


class OverdueAlertFeed(View, frozen=True, kw_only=True):
    """A part of the feed, and always a cursor to go on from."""

    items: Annotated[list[OverdueAlertView], said("The next entries, oldest first.", [])]
    next: Annotated[str, said("Where to go on, also when nothing is left.", "WyIwOjE3Il0")]
