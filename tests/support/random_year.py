"""What happens to a few customers in a year, by chance: the same seed, the same year. Pure.

Customers pay as those of the simulator do. On top of that: invoices entered long after they were
issued, payments dated back, payments that bounce, money on account, promises, amounts too small for
a notice, cancellations, addresses of all kinds that change, tasks that somebody does, two
currencies, customers with very many items, and services that are away for weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Final, NamedTuple

from services.cli.simulation.customer_story import pay_day
from services.cli.simulation.habits import HABITS, Habit, days_late

DAY: Final = timedelta(days=1)
FIRST: Final = date(2026, 1, 5)
DAYS: Final = 364  # of a year
NIGHT, MORNING, NOON, EVENING = 0, 10, 12, 21
HOURS: Final = (NIGHT, MORNING, NOON, EVENING)  # at which anything happens
DUE_DAYS: Final = (5, 15, 25)  # of the month
ZONES: Final = ("Asia/Shanghai", "Europe/Berlin", "America/New_York")
MINIMA: Final = (0, 100, 5_000)  # minor units of the entity's currency
SHARES_MAX: Final = 140  # invoices one payment pays
MANY: Final = (3_000, 40, 250, 1, 1_000)  # items sent to one customer at once, by the seed
Moment = tuple[date, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that a person enters."""

    at: Moment
    what: str  # address, invoice, cancellation, payment, allocation, return, promise, done
    customer: str
    currencies: tuple[str, ...]
    number: str = ""
    minor: int = 0
    on: date = date.min  # Issued, value date, or returned.
    given_on: date = date.min  # On which a payment's shares are given.
    due_on: date = date.min  # Of a promise: by when.
    shares: tuple[tuple[str, int], ...] = ()  # Of a payment, by invoice; of a return, all of them.
    email: str = ""
    postal: str = ""


class Away(NamedTuple):
    """Nobody works for the service, after the first moment and before the second."""

    service: str
    since: Moment
    until: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    seed: int
    first: date
    last: date
    zone: str
    minimum: int  # minor units of CNY; less is no reason for a notice
    facts: Sequence[Fact]  # In the order in which they are entered.
    away: Sequence[Away]

    def is_away(self, service: str, at: Moment) -> bool:
        return is_away(self.away, service, at)


def is_away(away: Iterable[Away], service: str, at: Moment) -> bool:
    return any(one.service == service and one.since < at < one.until for one in away)


def random_year(seed: int, *, customers: int = 4) -> Year:
    """The first customer is sent very many items at once, in every fifth year the most."""
    many = MANY[seed % len(MANY)]
    rng = Random(f"year {seed}")
    away = _away(rng)
    facts = [
        fact
        for index in range(customers)
        for fact in _Customer(seed, index, many if index == 0 else 0, away).facts()
    ]
    facts.sort(key=lambda fact: fact.at)  # Stable: a customer's facts keep their order.
    return Year(
        seed=seed,
        first=FIRST,
        last=FIRST + DAYS * DAY,
        zone=rng.choice(ZONES),
        minimum=rng.choice(MINIMA),
        facts=facts,
        away=away,
    )


def _away(rng: Random) -> Sequence[Away]:
    """Each once, for weeks; now and then both at the same time."""
    found = []
    for name in ("dunning", "ledger"):
        since = FIRST + DAY * rng.randint(40, 290)
        until = since + DAY * rng.randint(15, 50)
        leaves_at = rng.choice((NOON, EVENING))  # What the morning has brought is done by then.
        found.append(Away(name, (since, leaves_at), (until, rng.choice(HOURS))))
    return found


class _Customer:
    """Its plans, by day; a plan becomes a fact when its day comes, if there is reason for it."""

    def __init__(self, seed: int, index: int, many: int, away: Sequence[Away]) -> None:
        self._rng = Random(f"{seed}/{index}")
        self._name = f"C{index + 1}"
        self._habit: Habit = self._rng.choice(HABITS)
        self._promises = index % 2 == 1  # Else payments bounce.
        self._many, self._away = many, away
        self._open: dict[str, int] = {}
        self._due: dict[str, date] = {}
        self._movable: dict[str, date] = {}  # Since when an invoice may be paid.
        self._currency: dict[str, str] = {}
        self._promised_until = FIRST
        self._count = 0
        self._plans: list[tuple[Moment, int, str, tuple[object, ...]]] = []

    def facts(self) -> Iterator[Fact]:
        rng = self._rng
        currencies = ["CNY", *rng.choice(((), ("USD",), ("USD",), ("JPY",)))]
        self._all = tuple(currencies)
        yield self._addressed((FIRST, MORNING))
        for _ in range(rng.choice((0, 0, 1, 2))):
            self._plan(self._some_day(20, 330), "address")
        for currency in currencies:
            for _ in range(rng.randint(1, 6)):
                self._plan(self._some_day(1, 270), "invoice", currency, 1)
        if self._many:
            self._plan(self._some_day(1, 120), "invoice", "CNY", self._many)
        for currency in (*currencies, *currencies):
            self._plan(self._some_day(40, 330), "done", currency)
        if self._promises:
            for _ in range(4):
                self._plan(self._some_day(40, 330), "promise")
        last = (FIRST + DAYS * DAY, NIGHT)
        while self._plans and self._plans[0][0] < last:
            at, _, what, details = heappop(self._plans)
            yield from getattr(self, f"_{what}")(at, *details)

    def _some_day(self, first: int, last: int) -> date:
        return FIRST + DAY * self._rng.randint(first, last)

    def _plan(self, day: date, what: str, *details: object) -> None:
        """On the next day on which people work on such things, and somebody is there."""
        hour = MORNING if self._rng.random() < 0.8 else EVENING
        at = (pay_day(day), hour)
        needs = ("ledger", "dunning") if what in ("promise", "done") else ("ledger",)
        while any(is_away(self._away, name, at) for name in needs):  # Ends when all are back.
            at = (pay_day(at[0] + DAY), hour)
        self._count += 1
        heappush(self._plans, (at, self._count, what, details))

    def _addressed(self, at: Moment) -> Fact:
        name = self._name.lower()
        email = self._rng.choice(
            (f"{name}@customer.example",) * 3 + (f"bü{name}@kunde.example", "")
        )
        postal = self._rng.choice((f"Main Street {name}",) * 3 + ("",))
        return Fact(
            at=at,
            what="address",
            customer=self._name,
            currencies=self._all,
            email=email,
            postal=postal,
        )

    def _address(self, at: Moment) -> Iterator[Fact]:
        yield self._addressed(at)

    def _done(self, at: Moment, currency: str) -> Iterator[Fact]:
        yield Fact(at=at, what="done", customer=self._name, currencies=(currency,))

    def _cancellation(self, at: Moment, number: str, minor: int) -> Iterator[Fact]:
        """Unless something of it is paid."""
        if self._open[number] == minor:
            self._open[number] = 0
            yield Fact(
                at=at,
                what="cancellation",
                customer=self._name,
                currencies=(self._currency[number],),
                number=number,
            )

    def _invoice(self, at: Moment, currency: str, many: int) -> Iterator[Fact]:
        """All of one due date; one in three is entered late."""
        rng, day = self._rng, at[0]
        issued_on = day - DAY * rng.choice((0, 0, rng.randint(5, 130)))
        issued_on = max(FIRST, issued_on)
        due_on = issued_on + DAY * rng.randint(0, 45)
        while due_on.day not in DUE_DAYS:  # Ends within a month.
            due_on += DAY
        paid = []
        for _ in range(many):
            number, minor = self._number("I"), _amount(rng, currency)
            self._open[number], self._due[number] = minor, due_on
            self._movable[number], self._currency[number] = issued_on, currency
            paid.append(number)
            yield Fact(
                at=at,
                what="invoice",
                customer=self._name,
                currencies=(currency,),
                number=number,
                minor=minor,
                on=issued_on,
                due_on=due_on,
            )
        if rng.random() < 0.1:
            first = paid[0]
            on = day + DAY * rng.randint(1, 120)
            self._plan(on, "cancellation", first, self._open[first])
        self._plan_payments(day, due_on, paid)

    def _plan_payments(self, day: date, due_on: date, numbers: Sequence[str]) -> None:
        rng = self._rng
        for at in range(0, len(numbers), SHARES_MAX):
            part = numbers[at : at + SHARES_MAX]
            late = days_late(self._habit, rng, due_on=due_on, progress=(day - FIRST).days / DAYS)
            late = rng.choice((late, late, rng.randint(20, 120)))
            if late is None or rng.random() < 0.1:
                continue  # Never.
            on = max(day + DAY, due_on + DAY * late)
            if rng.random() < 0.25:
                self._plan(on, "payment", part, rng.uniform(0.2, 0.8))
                on += DAY * rng.randint(5, 40)
            self._plan(on, "payment", part, 1.0)

    def _payment(self, at: Moment, numbers: Sequence[str], part: float) -> Iterator[Fact]:
        """Named invoices, or money on account that somebody allocates weeks later."""
        rng, day = self._rng, at[0]
        wanted = {number: round(self._open[number] * part) for number in numbers}
        shares = tuple((number, minor) for number, minor in wanted.items() if minor)
        if not shares:
            return
        currency, minor = self._currency[shares[0][0]], sum(minor for _, minor in shares)
        chance = rng.random()
        extra = _amount(rng, currency) if chance < 0.1 else 0
        value_on = max(FIRST, day - DAY * rng.choice((0, 0, 0, rng.randint(1, 20))))
        number = self._number("P")
        is_for_later = 0.1 < chance < 0.2
        given = () if is_for_later else shares
        given_on = self._given(given, value_on)
        yield Fact(
            at=at,
            what="payment",
            customer=self._name,
            currencies=(currency,),
            number=number,
            minor=minor + extra,
            on=value_on,
            given_on=given_on,
            shares=given,
        )
        if is_for_later:
            later = day + DAY * rng.randint(5, 40)
            self._plan(later, "allocation", number, currency, numbers, minor, value_on)
        elif not self._promises and rng.random() < 0.25:
            self._plan(day + DAY * rng.randint(1, 25), "return", number, currency, shares, given_on)

    def _given(self, shares: Sequence[tuple[str, int]], value_on: date) -> date:
        for number, minor in shares:
            self._open[number] -= minor
        return max([value_on, *(self._movable[number] for number, _ in shares)])

    def _allocation(
        self,
        at: Moment,
        number: str,
        currency: str,
        numbers: Sequence[str],
        left: int,
        value_on: date,
    ) -> Iterator[Fact]:
        shares = []
        for each in numbers:
            minor = min(left, self._open[each])
            left -= minor
            if minor:
                shares.append((each, minor))
        if shares:
            yield Fact(
                at=at,
                what="allocation",
                customer=self._name,
                currencies=(currency,),
                number=number,
                on=value_on,
                given_on=self._given(shares, value_on),
                shares=tuple(shares),
            )

    def _return(
        self,
        at: Moment,
        number: str,
        currency: str,
        shares: Sequence[tuple[str, int]],
        given_on: date,
    ) -> Iterator[Fact]:
        """The bank says it on that day, or dates it back."""
        rng, day = self._rng, at[0]
        on = max(given_on, day - DAY * rng.choice((0, 0, rng.randint(1, 8))))
        for each, minor in shares:
            self._open[each] += minor
            self._movable[each] = max(self._movable[each], on)
        yield Fact(
            at=at,
            what="return",
            customer=self._name,
            currencies=(currency,),
            number=number,
            on=on,
            shares=tuple(shares),
        )
        if rng.random() < 0.6:
            again = [each for each, _ in shares]
            self._plan(day + DAY * rng.randint(3, 45), "payment", again, 1.0)

    def _promise(self, at: Moment) -> Iterator[Fact]:
        """In the account's currency, for all that is overdue or for less; mostly kept."""
        rng, day = self._rng, at[0]
        by = pay_day(day + DAY * rng.randint(3, 12))
        overdue = {
            number: minor
            for number, minor in self._open.items()
            if minor and self._due[number] < day and self._currency[number] == "CNY"
        }
        is_away = any(one.since[0] <= by and day <= one.until[0] for one in self._away)
        if not overdue or day <= self._promised_until or is_away:
            return
        self._promised_until = by
        minor = round(sum(overdue.values()) * rng.choice((1, 1, 0.5)))
        if rng.random() < 0.6:
            self._plan(day + DAY * rng.randint(1, 8), "payment", list(overdue)[:SHARES_MAX], 1.0)
        yield Fact(
            at=at,
            what="promise",
            customer=self._name,
            currencies=("CNY",),
            number=self._number("V"),
            minor=max(1, minor),
            due_on=by,
        )

    def _number(self, kind: str) -> str:
        self._count += 1
        return f"{self._name}-{kind}{self._count:05d}"


def _amount(rng: Random, currency: str) -> int:
    """Mostly some hundreds; one in twelve is less than a notice is written for."""
    if rng.random() < 0.08:
        return rng.randint(1, 99) if currency != "JPY" else 1
    return rng.randint(100, 90_000)
