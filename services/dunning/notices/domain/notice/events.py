"""What has happened to a notice. Stored for ever: add fields, never change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem
from shared.kernel.money import Money

LINES_MAX: Final = 200  # items one notice lists; the rest is in further notices of the day


@dataclass(frozen=True, slots=True, kw_only=True)
class OfNotice:
    """What every event of a notice says of it."""

    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeQueued(OfNotice):
    account_number: str
    currency: str
    written_on: date
    step: int  # Days past due it answers.
    channel: str
    template: str
    grade: str
    items: tuple[ListedItem, ...]  # At most LINES_MAX.
    part: int  # From 1.
    parts: int  # Notices that list the items together.
    open_amount: Money  # Of the items of all parts.
    unallocated: Money  # Paid, and given to no invoice.
    demanded: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAccepted(OfNotice):
    channel: str
    message_id: str


Event = NoticeQueued | NoticeAccepted
