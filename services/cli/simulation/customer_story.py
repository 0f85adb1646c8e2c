"""The story of one simulated customer: invoices, payments, bounces, contacts, promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, log
from random import Random
from typing import Final

from services.cli.simulation import book
from services.cli.simulation.book import CURRENCY, Action
from services.cli.simulation.book_names import Names
from services.cli.simulation.habits import Habit, bounces, days_late, gives_promise, keeps_promise
from shared.kernel.days import end_of_month
from shared.kernel.money import Money, total

INVOICES_ONE_PAYMENT_MAX: Final = 100  # invoices; the ledger takes 150
AMOUNT_TYPICAL: Final = 1_200_000  # minor units
AMOUNT_MIN: Final = 30_000  # minor units
AMOUNT_MAX: Final = 40_000_000  # minor units
FIRST_CONTACT_AFTER: Final = 14  # days past due
DAY: Final = timedelta(days=1)
BILLING_DAYS: Final = (1, 11, 21)  # of the month
PAY_WEEKDAYS: Final = (1, 4)  # Tuesday and Friday

_METHODS: Final = ("transfer", "transfer", "transfer", "mobile_payment", "check", "acceptance_bill")
_CHANNELS: Final = ("phone", "phone", "phone", "wechat", "email", "visit")
_NOTES: Final = {
    "promised": "对方承诺付款。",
    "no_answer": "无人接听。",
    "will_check": "财务称需核对发票后回复。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What stays the same about a customer."""

    account: str
    names: Names
    habit: Habit
    net_days: int
    size: int  # minor units of a usual invoice
    monthly_on: int | None  # Day of the month; None: on some billing day.
    starts_on: date
    pays_on: int | None  # Day of the month on which everything due is paid at once.
    oldest_first: bool
    limited: bool


def traits_of(rng: Random, account: str, names: Names, habit: Habit, first: date) -> Traits:
    size = round(exp(rng.gauss(log(AMOUNT_TYPICAL), 0.8)))
    return Traits(
        account=account,
        names=names,
        habit=habit,
        net_days=rng.choice((30, 30, 30, 60)),
        size=min(max(size, AMOUNT_MIN), AMOUNT_MAX // 3),
        monthly_on=rng.choice(BILLING_DAYS) if rng.random() < 0.3 else None,
        starts_on=billing_day(first + timedelta(days=rng.randint(0, 20))),
        pays_on=rng.randint(5, 27) if rng.random() < 0.2 else None,
        oldest_first=rng.random() < 0.3,
        limited=rng.random() < 0.4,
    )


@dataclass(slots=True)
class _Open:
    number: str
    due_on: date
    left: Money


@dataclass(slots=True)
class _Plan:
    """An intention to pay for an invoice."""

    on: date
    number: str
    part: float  # Of what is open; 1 is all.


def pay_day(day: date) -> date:
    """The next payment run; most companies pay, and can be reached, on fixed days of the week."""
    while day.weekday() not in PAY_WEEKDAYS:  # Ends within a week.
        day += DAY
    return day


def billing_day(day: date) -> date:
    """The next day on which invoices are written."""
    while day.day not in BILLING_DAYS:  # Ends within a month.
        day += DAY
    return day


class CustomerStory:
    """Told day by day. Within a day: what comes in, what is said, what bounces, what is sold."""

    def __init__(self, rng: Random, traits: Traits, first: date, last: date) -> None:
        self._rng = rng
        self._traits = traits
        self._first, self._last = first, last
        self._open: dict[str, _Open] = {}  # In the order of issue, which is that of due dates.
        self._settled: dict[str, _Open] = {}
        self._plans: list[_Plan] = []
        self._bounces: list[tuple[date, book.ReceivePayment]] = []
        self._issue_on = traits.starts_on
        self._contact_from = first
        self._promised_until = first
        self._counts = dict.fromkeys(("I", "P", "K", "V"), 0)

    def actions(self) -> Iterator[Action]:
        for n in range((self._last - self._first).days):
            day = self._first + n * DAY
            yield from self._pay(day)
            yield from self._talk(day)
            yield from self._bounce(day)
            yield from self._sell(day)

    def _sell(self, day: date) -> Iterator[Action]:
        traits = self._traits
        if day == traits.starts_on:
            yield book.OpenAccount(on=day, account=traits.account, names=traits.names)
        if day == traits.starts_on + DAY and traits.limited:
            months = 1 + traits.net_days / 30
            limit = max(1, round(traits.size * months * self._rng.uniform(0.8, 2.5) / 100_000))
            yield book.SetLimit(
                on=day, account=traits.account, limit=Money(limit * 100_000, CURRENCY)
            )
        if day != self._issue_on:
            return
        self._issue_on = self._next_issue(day)
        total_minor = round(traits.size * self._rng.uniform(0.5, 1.6))
        invoice = book.IssueInvoice(
            on=day,
            account=traits.account,
            number=self._number("I"),
            total=Money(min(max(total_minor, AMOUNT_MIN), AMOUNT_MAX), CURRENCY),
            net_days=traits.net_days,
        )
        due_on = day + timedelta(days=traits.net_days)
        self._open[invoice.number] = _Open(invoice.number, due_on, invoice.total)
        self._plan(day, invoice.number, due_on)
        yield invoice

    def _next_issue(self, day: date) -> date:
        if self._traits.monthly_on is None:
            return billing_day(day + timedelta(days=self._rng.randint(40, 100)))
        month = end_of_month(day) + DAY
        return month.replace(day=self._traits.monthly_on)

    def _plan(self, day: date, number: str, due_on: date) -> None:
        rng, traits = self._rng, self._traits
        progress = (day - self._first).days / max(1, (self._last - self._first).days)
        late = days_late(traits.habit, rng, due_on=due_on, progress=progress)
        if late is None:
            return
        on = max(day + DAY, due_on + timedelta(days=late))
        if traits.pays_on is not None:
            month = on if on.day <= traits.pays_on else end_of_month(on) + DAY
            on = month.replace(day=traits.pays_on)
        elif rng.random() < 0.12:
            self._plans.append(_Plan(pay_day(on), number, rng.uniform(0.3, 0.7)))
            on = on + timedelta(days=rng.randint(12, 28))
        self._plans.append(_Plan(pay_day(on), number, 1.0))

    def _pay(self, day: date) -> Iterator[Action]:
        due = [plan for plan in self._plans if plan.on <= day]
        if not due:
            return
        self._plans = [plan for plan in self._plans if plan.on > day]
        together = self._traits.pays_on is not None or len({plan.on for plan in due}) < len(due)
        groups = [due] if together else [[plan] for plan in due]
        for group in groups:
            wanted: dict[str, Money] = {}
            for plan in group:
                item = self._open.get(plan.number)
                if item is not None and len(wanted) < INVOICES_ONE_PAYMENT_MAX:
                    part = item.left if plan.part == 1 else _part(item.left, plan.part)
                    wanted[plan.number] = part
            if wanted:
                yield self._received(day, wanted)

    def _received(self, day: date, wanted: dict[str, Money]) -> book.ReceivePayment:
        rng, traits = self._rng, self._traits
        amount = total(wanted.values(), CURRENCY)
        oldest_first = traits.oldest_first
        shares = self._oldest(amount) if oldest_first else list(wanted.items())
        extra = Money(rng.randint(100, 50_000), CURRENCY) if rng.random() < 0.02 else None
        if extra is not None and not oldest_first:
            amount = amount + extra
        for number, share in shares:
            self._take(number, share)
        payment = book.ReceivePayment(
            on=day,
            account=traits.account,
            number=self._number("P"),
            amount=amount,
            method=rng.choice(_METHODS),
            payer=traits.names.company,
            shares=tuple(shares),
            oldest_first=oldest_first,
        )
        if bounces(traits.habit, rng):
            self._bounces.append((pay_day(day + timedelta(days=rng.randint(2, 4))), payment))
        return payment

    def _oldest(self, amount: Money) -> list[tuple[str, Money]]:
        """As the ledger does it: by due date, as far as the money reaches."""
        shares = []
        for item in sorted(self._open.values(), key=lambda item: (item.due_on, item.number)):
            if amount.minor == 0:
                break
            share = min(amount, item.left)
            shares.append((item.number, share))
            amount = amount - share
        return shares

    def _take(self, number: str, share: Money) -> None:
        item = self._open[number]
        item.left = item.left - share
        if item.left.minor == 0:
            self._settled[number] = self._open.pop(number)

    def _bounce(self, day: date) -> Iterator[Action]:
        back = [payment for on, payment in self._bounces if on == day]
        for payment in back:
            for number, share in payment.shares:
                item = self._open.get(number) or self._settled.pop(number)
                item.left = item.left + share
                self._open[number] = item
                if self._traits.habit != "defaulting":
                    again = pay_day(day + timedelta(days=self._rng.randint(6, 14)))
                    self._plans.append(_Plan(again, number, 1.0))
            yield book.ReversePayment(
                on=day, account=self._traits.account, number=payment.number, reason="bounced"
            )

    def _talk(self, day: date) -> Iterator[Action]:
        overdue = [
            item for item in self._open.values() if (day - item.due_on).days > FIRST_CONTACT_AFTER
        ]
        if not overdue or day < self._contact_from or day != pay_day(day):
            return
        rng, traits = self._rng, self._traits
        self._contact_from = day + timedelta(days=rng.randint(35, 60))
        promised = day >= self._promised_until and gives_promise(traits.habit, rng)
        outcome = "promised" if promised else rng.choice(("no_answer", "will_check"))
        promised_on = pay_day(day + timedelta(days=rng.randint(5, 10)))
        yield book.RecordContact(
            on=day,
            account=traits.account,
            number=self._number("K"),
            channel=rng.choice(_CHANNELS),
            outcome=outcome,
            note=_NOTES[outcome],
            invoices=tuple(item.number for item in overdue[:INVOICES_ONE_PAYMENT_MAX]),
            next_step_on=None if promised else pay_day(self._contact_from),
        )
        if not promised:
            return
        self._promised_until = promised_on + DAY
        if keeps_promise(traits.habit, rng):
            pay_on = pay_day(day + timedelta(days=rng.randint(1, (promised_on - day).days)))
            pay_on = min(pay_on, promised_on)
            self._plans += [_Plan(pay_on, item.number, 1.0) for item in overdue]
        yield book.MakePromise(
            on=day,
            account=traits.account,
            number=self._number("V"),
            amount=total((item.left for item in overdue), CURRENCY),
            promised_on=promised_on,
        )

    def _number(self, kind: str) -> str:
        self._counts[kind] += 1
        return f"{self._traits.account}-{kind}{self._counts[kind]:04d}"


def _part(whole: Money, part: float) -> Money:
    return Money(max(1, round(whole.minor * part)), whole.currency)
