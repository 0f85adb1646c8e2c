"""What has happened to a promise. Stored for ever: add fields, never change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPromise:
    """What every event of a promise carries."""

    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMade(OfPromise):
    account_number: str
    number: str
    amount: Money
    promised_on: date
    made_on: date
    note_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseKept(OfPromise):
    received: Money


Event = PromiseMade | PromiseKept
