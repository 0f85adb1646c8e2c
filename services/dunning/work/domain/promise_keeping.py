"""Which promises the cash of an account has kept. Pure.

A cent counts for one promise, the one due first, whether that is open, kept or broken: a broken
promise holds what came for it in time, and none of it counts for a later one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from shared.kernel.days import start_of_day
from shared.kernel.money import Money

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedCash:
    """A promise, whatever has become of it."""

    id: UUID
    amount: Money
    promised_on: date
    counts_from: datetime  # What is recorded from this instant on may count for it.
    is_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocatedCash:
    """An allocation of a payment to an invoice of the account that was not taken back."""

    id: UUID
    amount: Money
    value_on: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedCash:
    """What has come for a promise in time, as far as it is known now."""

    promise: PromisedCash
    received: Money

    @property
    def is_reached(self) -> bool:
        return self.received >= self.promise.amount


def counts_from(*, made_on: date, recorded_at: datetime, time_zone: str) -> datetime:
    """Since when cash may count for a promise: since it was recorded.

    One that was entered on a later day was certainly made by the end of its day.
    """
    return min(recorded_at, start_of_day(made_on + DAY, time_zone))


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
    for promise in sorted(promises, key=lambda row: (row.promised_on, row.counts_from, row.id)):
        received = Money.zero(promise.amount.currency)
        for row in cash:
            if row.amount.currency != promise.amount.currency:
                continue
            if row.value_on > promise.promised_on or row.recorded_at < promise.counts_from:
                continue
            taken = min(left[row.id], promise.amount - received)
            left[row.id] = left[row.id] - taken
            received = received + taken
        result.append(ReceivedCash(promise=promise, received=received))
    return result
