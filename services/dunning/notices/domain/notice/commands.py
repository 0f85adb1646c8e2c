"""The commands given to a notice: an e-mail or letter about items of one account and due date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem
from shared.kernel.decider import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNotice:
    book: Book
    account_id: UUID
    account_number: str
    due_on: date
    step: int  # Threshold, days past due.
    channel: str
    template: str
    grade: str
    currency: str
    items: Sequence[ListedItem]
    effective_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptNotice:
    """It was handed over to who delivers it."""

    notice_id: UUID
    message_id: str
    effective_on: date


Command = QueueNotice | AcceptNotice
