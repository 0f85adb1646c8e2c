"""What has happened to a promise. Stored for ever: add fields, never change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMade:
    account_id: UUID
    account_number: str
    number: str
    amount: Money
    promised_on: date
    made_on: date
    note_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseKept:
    account_id: UUID
    received: Money


Event = PromiseMade | PromiseKept
