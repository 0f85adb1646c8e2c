"""What happens to an account. Who stands behind it is in the party table, never here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    account_id: UUID
    legal_entity: str
    number: str
    time_zone: str
    currency: str
    party_id: UUID
    collector_id: UUID | None
    opened_on: date


Event = AccountOpened
