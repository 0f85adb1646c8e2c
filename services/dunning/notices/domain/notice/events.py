"""What has happened to a notice. Stored for ever: add fields, never change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem


@dataclass(frozen=True, slots=True, kw_only=True)
class OfNotice:
    """What every event of a notice says of it."""

    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeQueued(OfNotice):
    account_number: str
    due_on: date
    step: int
    channel: str
    template: str
    grade: str
    currency: str
    items: tuple[ListedItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAccepted(OfNotice):
    channel: str
    message_id: str


Event = NoticeQueued | NoticeAccepted
