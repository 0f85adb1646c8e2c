"""A simulated book: what happened to every customer, day by day. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.cli.simulation.book_names import Names
from services.cli.simulation.habits import Habit
from shared.kernel.money import Money

CURRENCY: Final = "CNY"
TIME_ZONE: Final = "Asia/Shanghai"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount:
    on: date
    account: str
    names: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLimit:
    on: date
    account: str
    limit: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueInvoice:
    on: date
    account: str
    number: str
    total: Money
    net_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivePayment:
    on: date
    account: str
    number: str
    amount: Money
    method: str
    payer: str
    shares: tuple[tuple[str, Money], ...]  # Given to these invoices.
    oldest_first: bool  # Then the shares are what will come of it.


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversePayment:
    on: date
    account: str
    number: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContact:
    on: date
    account: str
    number: str
    channel: str
    outcome: str
    note: str
    invoices: tuple[str, ...]
    next_step_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MakePromise:
    on: date
    account: str
    number: str
    amount: Money
    promised_on: date


Action = (
    OpenAccount
    | SetLimit
    | IssueInvoice
    | ReceivePayment
    | ReversePayment
    | RecordContact
    | MakePromise
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All actions by day, and within a day by account in the order in which they happened."""

    legal_entity: str
    name: str
    first: date
    last: date
    actions: tuple[Action, ...]
    habits: Mapping[str, Habit]  # By account.

    def days(self) -> Iterable[tuple[date, Sequence[Sequence[Action]]]]:
        """Every day on which something happened: per account, one after the other."""
        by_day: dict[date, dict[str, list[Action]]] = {}
        for action in self.actions:
            by_day.setdefault(action.on, {}).setdefault(action.account, []).append(action)
        for day in sorted(by_day):
            yield day, list(by_day[day].values())
