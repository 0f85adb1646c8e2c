"""Which promises the cash of an account has kept. Every cent counts for one promise only. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedCash:
    """A promise, open or kept."""

    id: UUID
    amount: Money
    promised_on: date
    recorded_at: datetime
    is_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocatedCash:
    """An allocation of a payment to an invoice of the account."""

    id: UUID
    amount: Money
    value_on: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedCash:
    promise_id: UUID
    received: Money


@dataclass(frozen=True, slots=True)
class PromisesAndCash:
    """Of one account: what a reaction to an allocation sees."""

    promises: Sequence[PromisedCash]
    cash: Sequence[AllocatedCash]


def received_in_time(
    promises: Iterable[PromisedCash], allocations: Iterable[AllocatedCash]
) -> Sequence[ReceivedCash]:
    """What each promise has received: its amount at most, the promise due first is served first.

    In time: a value date up to and including the promised day. An allocation counts when it was
    recorded at the instant of the promise or after it: a manual clock may stand still between them.
    """
    cash = sorted(allocations, key=lambda row: (row.value_on, row.recorded_at, row.id))
    left = {row.id: row.amount for row in cash}
    result = []
    for promise in sorted(promises, key=lambda row: (row.promised_on, row.recorded_at, row.id)):
        received = Money.zero(promise.amount.currency)
        for row in cash:
            if row.amount.currency != promise.amount.currency:
                continue
            if row.value_on > promise.promised_on or row.recorded_at < promise.recorded_at:
                continue
            taken = min(left[row.id], promise.amount - received)
            left[row.id] = left[row.id] - taken
            received = received + taken
        result.append(ReceivedCash(promise_id=promise.id, received=received))
    return result
