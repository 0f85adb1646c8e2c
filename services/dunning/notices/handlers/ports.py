"""What dunning needs of the outside world: who the debtor is, and somebody who delivers notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.dunning.notices.domain.notice.events import NoticeQueued
from shared.kernel.envelope import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Debtor:
    """Whom a notice addresses. Asked when it is rendered; dunning keeps no copy."""

    number: str
    name: str
    contact_person: str
    email: str
    language: str  # "zh" or "en"
    sales_owner: str  # Who knows the customer; "" when nobody is named.


class Debtors(Protocol):
    async def debtor(self, account_id: UUID) -> Debtor:
        """Raises Unreachable when ledger is away."""
        ...


class NoticeDelivery(Protocol):
    async def hand_over(self, queued: Recorded[NoticeQueued], debtor: Debtor) -> str:
        """The message id. The same notice handed over twice is one message."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the effects of dunning reach the outside with."""

    debtors: Debtors
    delivery: NoticeDelivery
