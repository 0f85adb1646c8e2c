"""What has happened to a notice. Stored for ever: add fields, never change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeQueued:
    account_id: UUID
    account_number: str
    due_on: date
    step: int
    channel: str
    template: str
    grade: str
    currency: str
    items: tuple[ListedItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAccepted:
    account_id: UUID
    channel: str
    message_id: str


Event = NoticeQueued | NoticeAccepted
