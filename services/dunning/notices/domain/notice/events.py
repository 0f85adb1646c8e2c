"""What has happened to a notice. Stored for ever: add fields, never change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, TypedDict
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
    time_zone: str  # Of the account, in which `written_on` is a day.
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
    instead_of: UUID | None  # The e-mail whose place this letter takes.


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAccepted(OfNotice):
    channel: str
    message_id: str


class Carried(TypedDict):
    """The facts of NobodyHasIt, as one expression."""

    account_id: UUID
    account_number: str
    currency: str
    channel: str
    template: str
    step: int
    grade: str
    part: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NobodyHasIt(OfNotice):
    """What whoever mends it must know."""

    account_number: str
    currency: str
    channel: str
    template: str
    step: int
    grade: str
    part: int
    reason: str  # A word; never what an address is.


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeUndeliverable(NobodyHasIt):
    """There is no address that it could be sent to."""

    letter_follows: bool  # In its place.


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFailed(NobodyHasIt):
    """It could not be written or handed over, however often it was tried, or not in time."""


Event = NoticeQueued | NoticeAccepted | NoticeUndeliverable | NoticeFailed
