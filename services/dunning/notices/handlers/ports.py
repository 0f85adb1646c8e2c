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
    email: str  # As it was entered: perhaps none, perhaps no address at all.
    postal_address: str  # Lines of text; "" when there is none.
    language: str  # "zh" or "en"
    sales_owner: str  # Who knows the customer; "" when nobody is named.


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditor:
    """Whom a notice is from. Asked when it is rendered."""

    name: str
    address: str  # Lines of text; "" when there is none.


class Parties(Protocol):
    """Who owes, and to whom. Raises Unreachable when ledger is away."""

    async def debtor(self, account_id: UUID) -> Debtor: ...

    async def creditor(self, legal_entity: str) -> Creditor: ...


class NoticeDelivery(Protocol):
    """Who takes notices. Raises Unreachable when it takes none at all."""

    async def handed_over(self, queued: Recorded[NoticeQueued]) -> str | None:
        """The message id of a notice that was handed over before."""
        ...

    async def hand_over(
        self, queued: Recorded[NoticeQueued], debtor: Debtor, creditor: Creditor
    ) -> str:
        """The message id. The same notice handed over twice is one message."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the effects of dunning reach the outside with."""

    parties: Parties
    delivery: NoticeDelivery
