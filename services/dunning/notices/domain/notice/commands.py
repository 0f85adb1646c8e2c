"""What can be asked of a notice: an e-mail or letter to a customer about items in one currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem
from shared.kernel.decider import Book
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNotice:
    book: Book
    account_id: UUID
    account_number: str
    time_zone: str  # Of the account, in which `written_on` is a day.
    currency: str
    written_on: date  # Written on another day it would be another notice.
    step: int  # Threshold, days past due.
    channel: str
    template: str
    grade: str
    items: Sequence[ListedItem]  # At most LINES_MAX, the oldest first.
    part: int  # Of the notices that list the items together, from 1.
    parts: int
    open_amount: Money  # Of the items of all parts.
    unallocated: Money  # What the customer has paid that is given to no invoice.
    demanded: Money  # What is asked for.
    instead_of: UUID | None = None  # A notice of `written_on` that could not be delivered.


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptNotice:
    """It was handed over to who delivers it."""

    notice_id: UUID
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkUndeliverable:
    """There is no address that it could be sent to."""

    notice_id: UUID
    reason: str
    letter_follows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkFailed:
    """It cannot be written or handed over, or it would leave too late."""

    notice_id: UUID
    reason: str


Command = QueueNotice | AcceptNotice | MarkUndeliverable | MarkFailed
