"""How a notice looks. No command answers with one, so there is no view of a state."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from services.dunning.accounts.views.account import AccountRefView
from services.dunning.accounts.views.listed_item import ListedItemView
from shared.platform.http.views import View, said

Status = Literal["queued", "accepted"]
Channel = Literal["email", "letter"]
Template = Literal["pre_due", "reminder", "dunning_letter", "final_notice"]


class NoticeView(View, frozen=True, kw_only=True):
    """An e-mail or letter about the items of one account and due date, at one step of the plan."""

    id: Annotated[UUID, said("The notice's id.", "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11")]
    version: Annotated[int, said("How many events it has; also its ETag.", 2)]
    account: Annotated[
        AccountRefView,
        said(
            "The account that is reminded.",
            {
                "id": "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11",
                "legal_entity": "CN01",
                "number": "C-1001",
            },
        ),
    ]
    channel: Annotated[Channel, said("How it reaches the debtor.", "email")]
    template: Annotated[Template, said("Which text it is written from.", "reminder")]
    due_on: Annotated[date, said("The day its items were due on.", "2013-01-30")]
    step: Annotated[int, said("The days past due at which the plan asks for it.", 1)]
    grade: Annotated[str, said("The account's grade the plan was read with.", "一般")]
    currency: Annotated[str, said("The currency of its items, ISO 4217.", "CNY")]
    status: Annotated[Status, said("Whether who delivers it has it already.", "accepted")]
    queued_on: Annotated[date, said("The business day it was queued on.", "2013-01-31")]
    message_id: Annotated[
        str | None,
        said("The Message-ID it was handed over with; null: not yet.", "<1@duebook.invalid>"),
    ]
    items: Annotated[list[ListedItemView], said("What it reminds of.", [])]
