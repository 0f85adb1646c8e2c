"""What happens to an account. Who stands behind it is in the party table, never here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OfAccount:
    """What every event of an account says of it."""

    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened(OfAccount):
    legal_entity: str
    number: str
    time_zone: str
    currency: str
    party_id: UUID
    collector_id: UUID | None
    opened_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetailsChanged(OfAccount):
    fields: tuple[str, ...]  # Names of what was said anew; it may be what it was.


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCollectorChanged(OfAccount):
    collector_id: UUID | None
    previous: UUID | None


Event = AccountOpened | AccountDetailsChanged | AccountCollectorChanged
